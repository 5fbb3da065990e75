// Functions that a policy names: these and the operators, in every form of a call, also where the compiled program shows none.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { denialOf } from '@hardened-mcp/security-core'
import { executor } from './executor.ts'
import { CALLER, fixture, SECRET, SPEND } from './fixture.ts'

const { file, remove } = fixture()
after(remove)
const functions = ['count', 'SUM', 'date', 'row_number']
const run = executor({ databases: [{ name: 'shop', file, tables: '*', functions }] }, SECRET)
const outcome = (sql: string) => {
  try {
    run({ op: 'query', caller: CALLER, database: 'shop', sql, params: [], maxRows: 10, format: 'json' }, SPEND)
    return 'answered'
  } catch (thrown) {
    return denialOf(thrown).says
  }
}

suite('functions that are granted', () => {
  for (const sql of [
    'SELECT count(*), sum(total), COUNT(DISTINCT status) FROM orders',
    "SELECT date(ordered_at) FROM orders WHERE status LIKE 'o%' AND status GLOB 'o*'",
    "SELECT attrs ->> 'color', attrs -> 'tags' FROM products WHERE name || sku IS NOT NULL",
    'SELECT row_number() OVER (PARTITION BY status) FROM orders',
    "SELECT title FROM articles WHERE articles MATCH 'privilege'",
    'SELECT CASE WHEN total > 1 THEN CAST(total AS INT) END FROM orders WHERE id IN (1, 2) AND total BETWEEN 1 AND 9',
    "SELECT value FROM json_each('[1]')", // a table, which the policy on tables is about
    'SELECT coalesce, "abs" FROM (SELECT 1 AS coalesce, 2 AS "abs")',
    'WITH t(a) AS (VALUES (1)) SELECT a FROM t',
  ])
    test(`answers ${sql}`, () => assert.equal(outcome(sql), 'answered'))
})

suite('functions that are not', () => {
  for (const sql of [
    'SELECT avg(total) FROM orders',
    'SELECT coalesce(status, 1) FROM orders',
    'SELECT iif(1, 2, 3)',
    'SELECT "IfNull" (status, 1) FROM orders',
    'SELECT [abs](1)',
    'SELECT max(total) FROM orders',
    'SELECT count(*) FROM orders WHERE upper(status) = 1',
    'SELECT id FROM orders ORDER BY random()',
    'SELECT current_timestamp',
    'SELECT sum(total) FILTER (WHERE length(status) > 1) FROM orders',
    'SELECT rank() OVER (ORDER BY id) FROM orders',
    "SELECT snippet(articles, 0, '', '', '', 5) FROM articles WHERE articles MATCH 'privilege'",
  ])
    test(`refuses ${sql}`, () => assert.equal(outcome(sql), 'No function of that name is available'))
  test('nor is one of them offered for a misspelt name', () => {
    assert.equal(outcome('SELECT cuont(*) FROM orders'), 'No function of that name is available; the nearest is count')
    assert.equal(outcome('SELECT lenght(status) FROM orders'), 'No function of that name is available')
  })
})
