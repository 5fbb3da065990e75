// A second corpus, of another database: written blind against the shipped server by the features of SQLite, then kept. Answers are those of the plain driver.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { denialOf } from '@hardened-mcp/security-core'
import Database from 'better-sqlite3'
import { bindParams } from './bind-params.ts'
import { executor } from './executor.ts'
import { CALLER, SECRET, SPEND, vectors } from './fixture.ts'
import { jsonCell } from './cells.ts'
import { type Operation, operation, type Params } from './operations.ts'
import { frontGate } from './policy.ts'
import { tokenScan } from './token-scan.ts'

type Row<Expect> = Readonly<{ name: string; given: { sql: string; params?: Params }; expect: Expect }>
const { legitimate, attacks, policy } = vectors('flights.json') as Readonly<{
  legitimate: readonly Row<{ row_count: number }>[]
  attacks: readonly Row<{ code: string } | { row_count: number }>[]
  policy: unknown
}>

const dir = mkdtempSync(join(tmpdir(), 'db-flights-'))
after(() => rmSync(dir, { recursive: true }))
const schema = (name: string) => readFileSync(new URL(`../../test/vectors/sql/${name}`, import.meta.url), 'utf8')

function built(name: string, sql: string): string {
  const file = join(dir, name)
  const db = new Database(file)
  db.exec(sql)
  db.close()
  return file
}

type Answer = Readonly<{ rows: unknown[][]; row_count: number }>

function asking(file: string, tables: unknown): (sql: string, params?: Params) => { code: string } | { text: string } {
  const execute = executor({ databases: [{ name: 'air', file, tables }] }, SECRET)
  return (sql, params = []) => {
    const planned: Operation = {
      op: 'query',
      caller: CALLER,
      database: 'air',
      sql,
      params,
      maxRows: 1000,
      format: 'json',
    }
    const gate = frontGate(planned, {} as never)
    if (gate.verdict === 'deny') return { code: gate.code }
    try {
      return { text: execute(operation.parse(planned), SPEND).text }
    } catch (thrown) {
      return { code: denialOf(thrown).code }
    }
  }
}

suite('legitimate queries of another database', () => {
  const file = built('open.db', schema('flights.sql'))
  const ask = asking(file, '*')
  const plain = new Database(file, { readonly: true })
  after(() => plain.close())
  for (const { name, given, expect } of legitimate)
    test(name, () => {
      const { sql, params = [] } = given
      const outcome = ask(sql, params)
      assert.ok('text' in outcome, JSON.stringify(outcome))
      const { rows, row_count } = JSON.parse(outcome.text) as Answer
      assert.equal(row_count, expect.row_count)
      if (/random|unixepoch\(\)/.test(sql)) return
      const statement = plain.prepare<unknown[], unknown[]>(sql).raw(true).safeIntegers(true)
      const wanted = statement.all(...bindParams(tokenScan(sql), params))
      assert.deepEqual(
        rows,
        wanted.map((row) => row.map((value) => JSON.parse(jsonCell(value)) as unknown)),
      )
    })
})

suite('attacks on another database', () => {
  const file = built('limited.db', schema('flights.sql') + schema('flights-hidden.sql'))
  const ask = asking(file, policy)
  const state = () => [readdirSync(dir), createHash('sha256').update(readFileSync(file)).digest('hex')]
  const before = state()
  for (const { name, given, expect } of attacks)
    test(name, () => {
      const outcome = ask(given.sql)
      if ('code' in expect) return assert.deepEqual(outcome, expect)
      assert.ok('text' in outcome, JSON.stringify(outcome))
      assert.equal((JSON.parse(outcome.text) as Answer).row_count, expect.row_count)
      // It answers, and says nothing that the statement did not say itself.
      if (!given.sql.includes('CANARY')) assert.doesNotMatch(outcome.text, /CANARY|424242/)
    })
  test('change no file and make none', () => assert.deepEqual(state(), before))
})
