// What .gitignore files leave out: git itself is the judge, and no pattern costs more than its length.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { Denial } from '@hardened-mcp/security-core'
import fc from 'fast-check'
import { executor } from './executor.ts'
import { compileIgnore, gitIgnored } from './gitignore.ts'
import type { Operation, OperationOf } from './operations.ts'
import { resources } from './resources.ts'
import { openRoots } from './roots.ts'
import { ground } from './testing/ground.ts'

const SPEND = { deadlineMs: 10_000, outputBytes: 65_536 }
const RUNS = Number(process.env['GITIGNORE_RUNS'] ?? 25) // each asks git once about some forty names
const place = ground()
const git = (args: readonly string[], input = '') =>
  spawnSync('git', ['-c', 'core.excludesFile=/dev/null', '-C', place.root, ...args], { input, encoding: 'utf8' })
git(['init', '-q'])
after(() => place.remove())

const given = { roots: [{ name: 'docs', path: place.root }] }
const root = () => openRoots(resources.parse(given)).get('docs') ?? assert.fail()

function walked(at = '', found: [string, boolean][] = []): [string, boolean][] {
  for (const entry of readdirSync(join(place.root, at), { withFileTypes: true })) {
    if (entry.name === '.git') continue
    const path = at === '' ? entry.name : `${at}/${entry.name}`
    found.push([path, entry.isDirectory()])
    if (entry.isDirectory()) walked(path, found)
  }
  return found
}

/** An entry is left out when it, or a directory above it, is. */
function leftOut(): string[] {
  const isIgnored = gitIgnored(root())
  return walked()
    .filter(([path, isDirectory]) => {
      const names = path.split('/')
      return names.some((_, i) => isIgnored(names.slice(0, i + 1), i + 1 < names.length || isDirectory))
    })
    .map(([path]) => path)
}

function leftOutByGit(): string[] {
  const paths = walked().map(([path]) => path)
  const { stdout } = git(['check-ignore', '--stdin', '-z', '--no-index'], `${paths.join('\0')}\0`)
  return stdout.split('\0').filter(Boolean)
}

const NAMES = ['a', 'b', 'ab', 'a b', 'x.log', 'y.md', '#h', '!x', 'a[b', 'a,b', '{a,b}', 'äöü'] as const
const build = (dir: string) => {
  for (const name of NAMES) writeFileSync(join(dir, `f${name}`), '')
  for (const name of NAMES) writeFileSync(join(dir, name), '')
}
build(place.root)
for (const dir of ['d', 'd/e', 'd/e/d', 'e', 'foo', 'foo/bar']) {
  mkdirSync(join(place.root, dir))
  for (const name of ['a', 'x.log', 'b', '{a,b}']) writeFileSync(join(place.root, dir, name), '')
}
const write = (path: string, text: string) => writeFileSync(join(place.root, path), text)
const clear = () => {
  for (const dir of ['', 'd/', 'd/e/']) rmSync(join(place.root, `${dir}.gitignore`), { force: true })
}

suite('gitIgnored()', () => {
  const LINES = [
    '*.log',
    '/a',
    'a',
    'd/',
    '/d',
    'd/e',
    'd/*',
    '**/d',
    '**/e/d',
    'd/**',
    'd/**/a',
    '!a',
    '!x.log',
    '!d/',
    'a*b',
    '[ab]',
    '[!a]*', // biome-ignore format: one list
    '\\#h',
    '#h',
    '\\!x',
    'a\\ b',
    'a b ',
    'a b\\ ',
    'f?',
    '{a,b}',
    'a[b',
    'a\\[b',
    '[[:alpha:]]',
    '?',
    'd//e',
    '/',
    '//',
    '\\',
    'x.log/',
    '*',
    '!*/',
    '**',
    'äöü',
    'fo',
    'foo/bar/',
    '/**/b',
    '\ufeffa',
    'a\r', // biome-ignore format: one list
  ] as const
  for (const line of LINES)
    test(`agrees with git on ${JSON.stringify(line)}`, () => {
      clear()
      write('.gitignore', `${line}\n`)
      assert.deepEqual(leftOut().sort(), leftOutByGit().sort())
    })

  test('agrees with git on any lines in three directories', () => {
    const lines = fc.array(fc.constantFrom(...LINES), { maxLength: 6 })
    fc.assert(
      fc.property(lines, lines, lines, (top, middle, deep) => {
        clear()
        write('.gitignore', top.join('\n'))
        write('d/.gitignore', middle.join('\n'))
        write('d/e/.gitignore', deep.join('\n'))
        assert.deepEqual(leftOut().sort(), leftOutByGit().sort())
      }),
      { numRuns: RUNS },
    )
  })

  test('is asked for: without the argument nothing is left out; with it the three walks leave out the same', () => {
    clear()
    write('.gitignore', '*.log\nfoo/\n')
    write('d/.gitignore', '!x.log\n')
    const execute = executor(given)
    const ask = (operation: Operation) => JSON.parse(execute(operation, SPEND).text) as { entries: unknown[]; matches: unknown[] } // biome-ignore format: one row
    const found = (gitignore: boolean, path = '.') => ({
      tree: ask({ op: 'tree', path, depth: 9, exclude: ['.git'], gitignore }).entries.map(String),
      search: ask({ op: 'search', path, glob: '*.log', exclude: ['.git'], gitignore }).entries,
    })
    const all = found(false)
    assert.ok(all.tree.includes('foo/') && all.tree.includes('x.log') && all.search.length === 8)
    const some = found(true)
    assert.deepEqual(some.search.map((entry) => (entry as { path: string }).path), ['docs:/d/e/d/x.log', 'docs:/d/e/x.log', 'docs:/d/x.log']) // biome-ignore format: one row
    assert.ok(!some.tree.some((row) => row.startsWith('foo')) && !some.tree.includes('x.log'))
    assert.equal(found(true, 'e').search.length, 0, 'the files above the start count too')
    write('d/x.log', 'needle')
    write('x.log', 'needle')
    const content: OperationOf<'search_content'> = { op: 'search_content', path: '.', pattern: 'needle', exclude: ['.git'], context: 0, ignore_case: false, max: 9 } // biome-ignore format: one row
    assert.equal(ask(content).matches.length, 2)
    assert.deepEqual(ask({ ...content, gitignore: true }).matches, [{ path: 'docs:/d/x.log', line: 1, text: 'needle' }])
  })

  test('does not read a .gitignore that is a link or a pipe, and refuses one that is too large by name', () => {
    clear()
    write('patterns', 'a\n')
    symlinkSync('patterns', join(place.root, '.gitignore'))
    assert.deepEqual(leftOut(), [])
    rmSync(join(place.root, '.gitignore'))
    execFileSync('mkfifo', [join(place.root, '.gitignore')])
    assert.deepEqual(leftOut(), [])
    rmSync(join(place.root, '.gitignore'))
    write('.gitignore', 'x\n'.repeat(40_000))
    assert.throws(leftOut, { code: 'too_large', says: 'docs:/.gitignore is too large; leave gitignore out' })
    clear()
  })

  const BOMBS = [
    '/**/a/**/a/**/a/**/a/**/a/**/b',
    `${'*a'.repeat(40)}b`,
    '**/a*'.repeat(30),
    `${'a?*'.repeat(60)}z`,
    Array.from({ length: 1_000 }, (_, i) => `*${i}*a*b*`).join('\n'),
  ]
  for (const bomb of BOMBS)
    test(`costs little for ${bomb.slice(0, 30).replaceAll('\n', ' ')}…`, () => {
      const excess = () => new Denial('too_large', 'x')
      const start = performance.now()
      try {
        const rules = compileIgnore(bomb, excess)
        for (let i = 0; i < 20; i++) rules([...Array<string>(90).fill('a'), 'a'.repeat(255)], false)
      } catch (thrown) {
        assert.ok(thrown instanceof Denial && thrown.code === 'too_large')
      }
      assert.ok(performance.now() - start < 5_000, `${performance.now() - start} ms`)
    })
})
