// What an entry is decides whether it is read; each shape is a real one on a real disk.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { linkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { Denial } from '@hardened-mcp/security-core'
import { kindOf, mustBeDirectory, mustBeFile } from './entry-rules.ts'
import { resources } from './resources.ts'
import { type OpenRoot, openRoots } from './roots.ts'
import { ground } from './testing/ground.ts'
import { withEntry } from './walk.ts'

const UNSHARE = '/usr/bin/unshare' // util-linux; mounts for one process alone
const place = ground()
after(() => place.remove())
place.build([
  { file: 'file' },
  { dir: 'directory' },
  { link: 'link', to: 'file' },
  { file: 'twin' },
  { hard: 'hard', to: 'twin' },
  { fifo: 'pipe' },
])

const roots = openRoots(
  resources.parse({
    roots: [
      { name: 'strict', path: place.root },
      { name: 'lax', path: place.root, hard_links: 'allow' },
      { name: 'dev', path: '/dev' },
    ],
  }),
)
const root = (name: string): OpenRoot => {
  const open = roots.get(name)
  assert.ok(open)
  return open
}

const verdict = (must: typeof mustBeFile, open: OpenRoot, name: string) => {
  try {
    withEntry(open, [name], (entry) => must(open, entry))
    return 'read'
  } catch (thrown) {
    assert.ok(thrown instanceof Denial)
    return thrown.message.split(':')[0]
  }
}

const ROWS: readonly (readonly [root: string, name: string, kind: string, asFile: string, asDirectory: string])[] = [
  ['strict', 'file', 'file', 'read', 'not_directory'],
  ['strict', 'directory', 'directory', 'not_file', 'read'],
  ['strict', 'link', 'symlink', 'symlink', 'symlink'],
  ['strict', 'twin', 'file', 'hard_link', 'not_directory'],
  ['strict', 'hard', 'file', 'hard_link', 'not_directory'],
  ['lax', 'hard', 'file', 'read', 'not_directory'],
  ['strict', 'pipe', 'other', 'special', 'not_directory'],
  ['dev', 'null', 'other', 'special', 'not_directory'],
  ['dev', 'pts', 'directory', 'mount', 'mount'],
]

suite('the rules for opened entries', () => {
  for (const [rootName, name, kind, asFile, asDirectory] of ROWS)
    test(`${rootName}:/${name} is a ${kind}: ${asFile} as a file, ${asDirectory} as a directory`, () => {
      assert.equal(
        withEntry(root(rootName), [name], ({ stats }) => kindOf(stats)),
        kind,
      )
      assert.equal(verdict(mustBeFile, root(rootName), name), asFile)
      assert.equal(verdict(mustBeDirectory, root(rootName), name), asDirectory)
    })

  test('a file is read again once its second name is gone', () => {
    const second = join(place.out, 'second')
    linkSync(join(place.root, 'file'), second)
    assert.equal(verdict(mustBeFile, root('strict'), 'file'), 'hard_link')
    unlinkSync(second)
    assert.equal(verdict(mustBeFile, root('strict'), 'file'), 'read')
  })

  test('a bind mount of the same file system is seen by its mount id', (t) => {
    place.build([{ dir: 'bound' }])
    const script = `
      import { executor } from '${join(import.meta.dirname, 'executor.ts')}'
      const execute = executor({ roots: [{ name: 'docs', path: '${place.root}' }] })
      const ask = (operation) => { try { return execute(operation, { deadlineMs: 5000, outputBytes: 65536 }).text } catch (thrown) { return thrown.message } }
      const from = { end: 'start', line: 1, column: 0, lines: 9 }
      console.log(JSON.stringify([
        ask({ op: 'read_text', path: 'bound/secret.txt', from, numbered: false }),
        ask({ op: 'list', path: 'bound' }),
        JSON.parse(ask({ op: 'search', path: '.', glob: 'secret.txt', exclude: [] })),
      ]))`
    const inside = `mount --bind ${place.out} ${join(place.root, 'bound')} && exec "$0" --input-type=module-typescript -e "$1"`
    let said: string
    try {
      execFileSync(UNSHARE, ['-rm', 'true'], { stdio: 'ignore' })
      said = execFileSync(UNSHARE, ['-rm', 'sh', '-c', inside, process.execPath, script], { encoding: 'utf8' })
    } catch (thrown) {
      t.diagnostic(`no private mounts here: ${String(thrown).split('\n')[0]}`)
      return
    }
    assert.deepEqual(JSON.parse(said), [
      'mount: the mount differs from the root',
      'mount: the mount differs from the root',
      { entries: [], skipped: 1 },
    ])
  })
})
