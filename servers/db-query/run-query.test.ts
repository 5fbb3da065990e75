// Answers: limits on both sides, what a cut says, and that every value keeps its kind.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { openMemory, type Statement } from './open-database.ts'
import { MAX_CELL_CHARS } from './cells.ts'
import { runQuery } from './run-query.ts'

const engine = openMemory()
const NUMBERS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) '

function run(sql: string, options: { maxRows?: number; outputBytes?: number; bound?: readonly unknown[] } = {}) {
  const { maxRows = 100, outputBytes = 65_536, bound = [] } = options
  const statement: Statement = engine.prepare<unknown[], unknown[]>(sql).raw(true).safeIntegers(true)
  const result = runQuery(
    statement,
    bound,
    { maxRows, skip: 0, format: 'json', next: () => undefined },
    { deadlineMs: 1000, outputBytes },
  )
  const answer = JSON.parse(result.text) as {
    columns: unknown[]
    rows: unknown[][]
    row_count: number
    truncated?: unknown
  }
  return { ...answer, text: result.text, figures: { rows: result.rows, truncated: result.truncated } }
}

suite('runQuery()', () => {
  test('says that rows were cut exactly when there were more', () => {
    const whole = run(`${NUMBERS} SELECT i FROM n LIMIT 100`)
    assert.equal(whole.row_count, 100)
    assert.equal(whole.truncated, undefined)
    const cut = run(`${NUMBERS} SELECT i FROM n LIMIT 101`)
    assert.equal(cut.row_count, 100)
    assert.deepEqual(cut.truncated, { reason: 'rows' })
    assert.deepEqual(cut.figures, { rows: 100, truncated: true })
  })
  test('an endless result costs no more than the rows that are taken', () => {
    const endless = run('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n', {
      maxRows: 1000,
    })
    assert.deepEqual(endless.truncated, { reason: 'rows' })
  })
  test('never exceeds the byte budget, and says so', () => {
    const cut = run(`${NUMBERS} SELECT i, printf('%.*c', 1000, 'x') FROM n`, { maxRows: 1000, outputBytes: 8192 })
    assert.deepEqual(cut.truncated, { reason: 'bytes' })
    assert.equal(cut.rows.length, 7)
    assert.ok(Buffer.byteLength(cut.text) <= 8192)
  })
  test('counts bytes, not characters, and what JSON escapes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 400 }), { maxLength: 40 }),
        fc.integer({ min: 600, max: 9000 }),
        (texts, outputBytes) => {
          const { text, rows, truncated } = run('SELECT value FROM json_each(?)', {
            bound: [JSON.stringify(texts.map((each) => each.toWellFormed()))],
            outputBytes,
          })
          assert.ok(Buffer.byteLength(text) <= outputBytes)
          assert.ok(truncated !== undefined || rows.length === texts.length)
        },
      ),
      { numRuns: 200 },
    )
  })
  test('refuses when the column names alone are over the budget', () => {
    assert.throws(
      () =>
        run(`SELECT ${Array.from({ length: 200 }, (_, i) => `1 AS a_rather_long_column_name_${i}`).join()}`, {
          outputBytes: 4096,
        }),
      { code: 'too_large' },
    )
  })
  test('cuts a long cell between characters and says how long it was', () => {
    const fits = run('SELECT ?', { bound: ['x'.repeat(MAX_CELL_CHARS)] })
    assert.equal(fits.truncated, undefined)
    const cut = run('SELECT ?', { bound: [`${'x'.repeat(MAX_CELL_CHARS - 1)}😀tail`] })
    assert.deepEqual(cut.rows, [[{ cut_text: 'x'.repeat(MAX_CELL_CHARS - 1), chars: MAX_CELL_CHARS + 5 }]])
    assert.deepEqual(cut.truncated, { reason: 'cell' })
  })
  test('a 30 MB cell leaves as 16 KB', () => {
    const { text, truncated } = run("SELECT printf('%.*c', 30000000, 'x')")
    assert.ok(Buffer.byteLength(text) < 20_000)
    assert.deepEqual(truncated, { reason: 'cell' })
  })
  test('cuts a long blob and says its size', () => {
    const [[cell] = []] = run('SELECT zeroblob(12289)').rows as { blob_base64: string; bytes: number; cut: boolean }[][]
    assert.deepEqual([cell?.bytes, cell?.cut, cell?.blob_base64.length], [12_289, true, 16_384])
    assert.deepEqual(run("SELECT x'00ff', x''").rows, [
      [
        { blob_base64: 'AP8=', bytes: 2 },
        { blob_base64: '', bytes: 0 },
      ],
    ])
  })
  test('keeps integers exact on both sides of 2^53', () => {
    assert.match(
      run('SELECT 9007199254740991, 9007199254740992, -9007199254740991, -9007199254740992').text,
      /\[9007199254740991,\{"int":"9007199254740992"\},-9007199254740991,\{"int":"-9007199254740992"\}\]/,
    )
  })
  test('keeps NULL, empty text, infinities and duplicate column names', () => {
    const { columns, rows } = run("SELECT NULL AS a, '' AS a, 9e999 AS b, -9e999 AS b, 0.5 AS c")
    assert.deepEqual(rows, [[null, '', { real: 'inf' }, { real: '-inf' }, 0.5]])
    assert.deepEqual(
      columns.map((column) => (column as { name: string }).name),
      ['a', 'a', 'b', 'b', 'c'],
    )
  })
})
