// Searching in files: what is found and shown, what is never opened, and that pages in a row miss nothing and repeat nothing.
import assert from 'node:assert/strict'
import { ftruncateSync, closeSync, openSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { executor } from './executor.ts'
import type { ContentMatch } from './content-tally.ts'
import type { OperationOf } from './operations.ts'
import { ground } from './testing/ground.ts'

type Answer = Record<'files_searched' | 'binary' | 'partial' | 'skipped' | 'omitted', number | undefined> &
  Readonly<{ matches: readonly ContentMatch[]; truncated?: { reason: string; next?: string } }>

const place = ground()
after(() => place.remove())
place.build([
  { file: 'a/one.txt', text: 'first\nneedle here\r\nlast\n' },
  { file: 'a/two.md', text: 'Needle\n' },
  { file: 'b/bin', base64: 'bmVlZGxlAAECAw==' },
  { file: 'b/long.js', text: `${'x'.repeat(5_000)}needle${'y'.repeat(5_000)}\n` },
  { file: 'b/late.js', text: `${'x'.repeat(20_000)}needle\n` },
  { file: 'c/many', text: 'needle\n'.repeat(50) },
  { file: 'c/wide', base64: Buffer.from('\ufeffneedle ü\n', 'utf16le').toString('base64') },
  { file: '.env', text: 'needle' },
  { file: '.ssh/x', text: 'needle' },
  { file: 'twin', text: 'needle' },
  { hard: 'hard', to: 'twin' },
  { link: 'out.txt', to: '$OUT/secret.txt' },
  { link: 'out', to: '$OUT' },
  { fifo: 'pipe' },
])
const execute = executor({ roots: [{ name: 'docs', path: place.root }] })
const ask = (
  over: Partial<OperationOf<'search_content'>>,
  spend = { deadlineMs: 10_000, outputBytes: 65_536 },
): Answer => {
  const base = {
    op: 'search_content',
    path: '.',
    pattern: 'needle',
    exclude: [],
    context: 0,
    ignore_case: false,
    max: 1_000,
  }
  const { text } = execute({ ...base, ...over }, spend)
  assert.ok(Buffer.byteLength(text) <= spend.outputBytes)
  return JSON.parse(text) as Answer
}
const lines = ({ matches }: Answer) => matches.map(({ path, line }) => `${path.replace('docs:/', '')}:${line}`)
const MANY = Array.from({ length: 50 }, (_, i) => `c/many:${i + 1}`)
const ALL = ['a/one.txt:2', 'b/long.js:1', ...MANY, 'c/wide:1']

suite('search_content', () => {
  test('finds lines in text of any encoding, and counts what it does not search', () => {
    const answer = ask({})
    assert.deepEqual(lines(answer), ALL)
    // Skipped: .env, out, out.txt, pipe, and both names of the hard link. The directory .ssh is not entered.
    assert.deepEqual({ ...answer, matches: 0 }, { matches: 0, files_searched: 6, binary: 1, partial: 1, skipped: 6 })
  })

  test('shows context, and a line without its carriage return', () => {
    const { matches } = ask({ path: 'a/one.txt', context: 3 })
    assert.deepEqual(matches, [
      { path: 'docs:/a/one.txt', line: 2, text: 'needle here', before: ['first'], after: ['last'] },
    ])
    assert.deepEqual(lines(ask({ path: 'a', pattern: 'here$' })), ['a/one.txt:2'])
  })

  test('cuts a long line around the match and says at which column', () => {
    const [match] = ask({ path: 'b/long.js' }).matches
    assert.deepEqual(match, {
      path: 'docs:/b/long.js',
      line: 1,
      column: 4_900,
      text: `${'x'.repeat(100)}needle${'y'.repeat(294)}`,
    })
  })

  test('narrows by glob and exclude, and ignores case when asked', () => {
    assert.deepEqual(lines(ask({ glob: '*.{txt,md}', ignore_case: true })), ['a/one.txt:2', 'a/two.md:1'])
    assert.deepEqual(lines(ask({ exclude: ['c', 'b'] })), ['a/one.txt:2'])
  })

  test('pages by matches give every line once, and say truncated only while lines are left', () => {
    for (const max of [1, 7, 52, 53, 1_000]) {
      const found: string[] = []
      for (let cursor: string | undefined, page = 0; ; page++) {
        assert.ok(page < 100, 'every page makes progress')
        const answer = ask({ max, ...(cursor === undefined ? {} : { cursor }) })
        found.push(...lines(answer))
        assert.ok(answer.matches.length <= max)
        cursor = answer.truncated?.next
        if (cursor === undefined) break
        assert.equal(answer.truncated?.reason, 'matches')
      }
      assert.deepEqual(found, ALL)
    }
  })

  test('pages by answer bytes and by time do the same', () => {
    for (const spend of [
      { deadlineMs: 10_000, outputBytes: 1_700 },
      { deadlineMs: 0, outputBytes: 65_536 },
    ]) {
      const found: string[] = []
      for (let cursor: string | undefined, page = 0; ; page++) {
        assert.ok(page < 200, 'every page makes progress')
        const answer = ask({ context: 1, ...(cursor === undefined ? {} : { cursor }) }, spend)
        found.push(...lines(answer))
        cursor = answer.truncated?.next
        if (cursor === undefined) break
      }
      assert.deepEqual(found, ALL)
    }
  })

  test('a single file goes on at its line', () => {
    const { truncated } = ask({ path: 'c/many', max: 3 })
    assert.deepEqual(truncated, { reason: 'matches', next: '4:' })
    assert.equal(lines(ask({ path: 'c/many', max: 3, cursor: '4:' }))[0], 'c/many:4')
  })

  test('a cursor opens nothing that a search would not', () => {
    for (const cursor of ['1:.env', '1:.ssh/x', '1:hard', '1:out.txt', '1:out/secret.txt', '1:pipe', '1:a', '1:none/x'])
      for (const { path } of ask({ cursor, pattern: '.' }).matches)
        assert.ok(!/secret|\.env|\.ssh|hard|twin|out/.test(path), `${cursor} showed ${path}`)
    for (const cursor of ['1:..', '1:../out/secret.txt', '1:/etc/passwd', '1:a//b', 'x:a', '1'])
      assert.throws(() => ask({ cursor }))
  })

  test('refuses a closed start with the same words as a read', () => {
    for (const path of ['.env', 'hard', 'out.txt', 'out', 'pipe'])
      assert.throws(() => ask({ path }), { code: 'path_denied' })
    assert.throws(() => ask({ path: 'none' }), { code: 'not_found' })
  })

  test('a sparse file of 10 GiB and a pattern that explodes elsewhere end within the budget', () => {
    const fd = openSync(join(place.root, 'sparse'), 'w')
    writeSync(fd, 'needle\n')
    ftruncateSync(fd, 10 * 2 ** 30)
    closeSync(fd)
    const large = 'needle aaaaaaaaaaaaaaaaaaaaaaaa\n'.repeat(150_000)
    place.build([{ file: 'large', text: large }])
    const start = performance.now()
    assert.equal(ask({ path: 'sparse' }).binary, 1)
    const answer = ask({ path: 'large', pattern: '(a+)+!' })
    assert.deepEqual([answer.matches.length, answer.partial], [0, 1])
    assert.ok(performance.now() - start < 8_000)
  })

  test('leaves no descriptor open', () => {
    const before = readdirSync('/proc/self/fd').length
    for (let i = 0; i < 5; i++) ask({ max: 1 })
    assert.equal(readdirSync('/proc/self/fd').length, before)
  })
})
