// A tree of names: what is shown and marked, and that what is left out is said.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, suite, test } from 'node:test'
import { executor } from './executor.ts'
import { ground } from './testing/ground.ts'

const place = ground()
after(() => place.remove())
place.build([
  { file: 'a/b/c/d.txt' },
  { file: 'a/e.txt' },
  { dir: 'empty' },
  { file: '.env', text: 'KEY=1' },
  { file: '.ssh/key' },
  { link: 'out', to: '$OUT' },
  { fifo: 'pipe' },
  { file: 'new\nline' },
])
const execute = executor({ roots: [{ name: 'docs', path: place.root }] })
const ask = (over: object = {}, spend = { deadlineMs: 10_000, outputBytes: 65_536 }) => {
  const { text } = execute({ op: 'tree', path: '.', depth: 10, exclude: [], ...over }, spend)
  assert.ok(Buffer.byteLength(text) <= spend.outputBytes)
  return JSON.parse(text) as { entries: string[]; truncated?: object }
}
const CLOSED = ['.env', '.ssh/', 'out', 'pipe']
const REST = ['empty/', 'out', 'pipe']

suite('directory_tree', () => {
  test('shows all names, never what is below a secret directory or a link, and marks what is closed', () => {
    assert.deepEqual(ask(), {
      entries: ['.env', '.ssh/', 'a/', 'a/b/', 'a/b/c/', 'a/b/c/d.txt', 'a/e.txt', ...REST],
      closed: CLOSED,
      omitted: 1,
    })
  })

  test('stops at the depth and says how many directories it did not enter', () => {
    assert.deepEqual(ask({ depth: 2 }), {
      entries: ['.env', '.ssh/', 'a/', 'a/b/', 'a/e.txt', ...REST],
      closed: CLOSED,
      omitted: 1,
      truncated: { reason: 'depth', not_entered: 1 },
    })
    assert.deepEqual(ask({ path: 'a/b', depth: 2 }), { entries: ['c/', 'c/d.txt'] })
  })

  test('leaves out what is excluded, with all below', () => {
    assert.deepEqual(ask({ path: 'a', exclude: ['b'] }), { entries: ['e.txt'] })
  })

  test('is cut by bytes and by time, says so, and leaves no descriptor open', () => {
    const before = readdirSync('/proc/self/fd').length
    const cut = ask({ exclude: ['.*'] }, { deadlineMs: 10_000, outputBytes: 1_024 + 20 })
    assert.deepEqual(cut.entries, ['a/', 'a/b/'])
    assert.deepEqual(cut.truncated, { reason: 'bytes' })
    assert.deepEqual(ask({}, { deadlineMs: -1, outputBytes: 65_536 }).truncated, { reason: 'entries' })
    assert.equal(readdirSync('/proc/self/fd').length, before)
  })

  test('refuses what is no directory, a link and a secret', () => {
    assert.throws(() => ask({ path: 'a/e.txt' }), { code: 'invalid_input' })
    for (const path of ['out', '.ssh', '../out']) assert.throws(() => ask({ path }), { code: 'path_denied' })
    assert.throws(() => ask({ depth: 0 }))
  })
})
