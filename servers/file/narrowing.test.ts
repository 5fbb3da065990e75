// A client's roots take away and never add: every operation, links included.
import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import fc from 'fast-check'
import { type CallContext, denialOf } from '@hardened-mcp/security-core'
import { executor } from './executor.ts'
import { isWithin, leftOf, pathsOfRoots } from './narrowing.ts'
import type { Operation } from './operations.ts'
import { confinedPaths } from './policy.ts'
import { resources } from './resources.ts'
import { ground } from './testing/ground.ts'
import { writer } from './writer.ts'

const SPEND = { deadlineMs: 10_000, outputBytes: 65_536 }
const place = ground()
after(() => place.remove())
place.build([
  { file: 'a/in.txt', text: 'in' },
  { file: 'ab/out.txt', text: 'beside' },
  { file: 'top.txt', text: 'top' },
])
symlinkSync('../ab', join(place.root, 'a/link'))
const given = { roots: [{ name: 'docs', path: place.root, writable: true, symlinks: 'follow-inside' }] }
const [root] = resources.parse(given).roots
assert.ok(root)

const URIS: readonly (readonly [string, readonly string[]])[] = [
  ['file:///srv/a', ['/srv/a']],
  ['file:///srv/a%20b/', ['/srv/a b/']],
  ['file:///srv/x/../a', ['/srv/a']],
  ['file:///', ['/']],
  ['file:///srv/%2e%2e/etc', ['/etc']],
  ['file://elsewhere/srv/a', []],
  ['https://example.com/srv/a', []],
  ['/srv/a', []],
  ['file:///srv/a%2fb', []], // a slash in a name: refused by the reader of URIs
  ['file:///srv/a%00b', ['/srv/a\0b']], // no place has such a name
  ['', []],
]

suite('the roots of a client', () => {
  for (const [uri, paths] of URIS)
    test(`${JSON.stringify(uri)} names ${JSON.stringify(paths)}`, () => assert.deepEqual(pathsOfRoots([uri]), paths))

  test('leave a place when they hold it, by whole names', () => {
    const within = [`${place.root}/a`, '/etc']
    assert.equal(isWithin(within, root, ['a', 'in.txt']), true)
    assert.equal(isWithin(within, root, ['ab', 'out.txt']), false)
    assert.equal(isWithin(within, root, []), false)
    assert.equal(isWithin(undefined, root, ['ab']), true)
    assert.equal(isWithin([], root, ['a']), false)
    assert.deepEqual(leftOf(within, root), [['a']])
    assert.deepEqual(leftOf(['/'], root), [[]])
    assert.deepEqual(leftOf(['/etc'], root), [])
  })

  test('never make a place reachable: whatever is judged with them is allowed without them', () => {
    const judge = confinedPaths(resources.parse(given))
    const part = fc.constantFrom('a', 'ab', '..', '.', 'in.txt', '.env', '')
    const path = fc.array(part, { maxLength: 4 }).map((parts) => parts.join('/'))
    const anchor = fc.constantFrom('', 'docs:/', '/', '/etc/', `${place.root}/`, '/proc/self/')
    const within = fc.array(
      fc.tuple(anchor, path).map(([start, rest]) => `${start}${rest}` || '/'),
      { maxLength: 3 },
    )
    fc.assert(
      fc.property(anchor, path, within, (start, rest, narrowed) => {
        const info: Operation = { op: 'info', path: `${start}${rest}` || '.' }
        const verdict = (operation: Operation) => judge(operation, {} as CallContext).verdict
        if (verdict({ ...info, within: narrowed }) === 'allow') assert.equal(verdict(info), 'allow')
      }),
      { numRuns: 500 },
    )
  })

  const within = [`${place.root}/a`]
  const read = (path: string): Operation => ({ op: 'read_text', path, from: { end: 'start', line: 1, column: 0, lines: 9 }, numbered: false, within }) // biome-ignore format: one row

  test('hold in the worker too, and behind a link that may be followed', async () => {
    const execute = executor(given)
    const code = (run: () => unknown) => {
      try {
        run()
        return 'done'
      } catch (thrown) {
        return denialOf(thrown).code
      }
    }
    assert.match(execute(read('a/in.txt'), SPEND).text, /"text":"in"/)
    for (const path of ['top.txt', 'ab/out.txt', 'a/link/out.txt'])
      assert.equal(code(() => execute(read(path), SPEND)), 'path_denied', path) // biome-ignore format: one row
    assert.equal(
      code(() => execute({ op: 'list', path: '.', within }, SPEND)),
      'path_denied',
    )
    assert.deepEqual(JSON.parse(execute({ op: 'roots', within }, SPEND).text), {
      directories: [{ name: 'docs', path: 'docs:/a', writable: true }],
    })
    const change = writer(given)
    await change({ op: 'write', path: 'a/new.txt', content: 'x', within }, SPEND)
    for (const operation of [
      { op: 'write', path: 'new.txt', content: 'x', within },
      { op: 'write', path: 'a/link/new.txt', content: 'x', within },
      { op: 'move', path: 'a/new.txt', to: 'ab/new.txt', within },
      { op: 'delete', path: 'ab/out.txt', within },
    ] as const)
      await assert.rejects(change(operation, SPEND), { code: 'path_denied' })
  })
})
