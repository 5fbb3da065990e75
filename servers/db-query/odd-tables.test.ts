// Unusual and legitimate tables (STRICT, generated, keyword and Unicode names, every full-text form): queries on them answer what plain SQLite answers.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, suite, test } from 'node:test'
import Database from 'better-sqlite3'
import { bindParams } from './bind-params.ts'
import { asker, CALLER, fixture, SECRET, SPEND, vectors } from './fixture.ts'
import { executor } from './executor.ts'
import type { Params } from './operations.ts'
import { tokenScan } from './token-scan.ts'

type Row = Readonly<{ name: string; given: { sql: string; params?: Params }; expect: { row_count: number } }>

const ODD = readFileSync(new URL('../../test/vectors/sql/odd-tables.sql', import.meta.url), 'utf8')
const { file, remove } = fixture(ODD)
const ask = asker(file)
const oracle = new Database(file, { readonly: true })
after(() => {
  oracle.close()
  remove()
})

suite('odd tables', () => {
  for (const { name, given, expect } of vectors('odd-tables.json') as readonly Row[])
    test(name, () => {
      const { sql, params = [] } = given
      const outcome = ask(sql, 'open', params)
      assert.ok('answer' in outcome, JSON.stringify(outcome))
      assert.equal(outcome.answer.row_count, expect.row_count)
      const plain = oracle
        .prepare<unknown[], unknown[]>(sql)
        .raw(true)
        .all(...bindParams(tokenScan(sql), params))
      assert.deepEqual(outcome.answer.rows, JSON.parse(JSON.stringify(plain.map((row) => row.map(asJson)))))
    })

  test('a view that calls json_each is not fenced, and takes full-text functions from nobody', () => {
    const plan = executor({ databases: [{ name: 'odd', file, tables: '*' }] }, SECRET)(
      { op: 'explain', caller: CALLER, database: 'odd', sql: 'SELECT * FROM v_json WHERE id = 1', params: [] },
      SPEND,
    )
    assert.match(plan.text, /SEARCH e USING INTEGER PRIMARY KEY/)
    assert.ok('answer' in ask("SELECT bm25(docs) FROM docs WHERE docs MATCH 'cats'", 'open'))
  })
})

const asJson = (value: unknown) =>
  Buffer.isBuffer(value) ? { blob_base64: value.toString('base64'), bytes: value.length } : value
