// Plans: what SQLite says about whole tables, and no word of what is hidden.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { executor } from './executor.ts'
import { CALLER, databasesOn, fixture, SECRET, SPEND, vectors } from './fixture.ts'
import type { Params } from './operations.ts'

const { file, remove } = fixture()
after(remove)
const run = executor({ databases: databasesOn(file) }, SECRET)
const plan = (database: string, sql: string, params: Params = []) =>
  (JSON.parse(run({ op: 'explain', caller: CALLER, database, sql, params }, SPEND).text) as { plan: string[] }).plan

suite('explain_query', () => {
  test('shows indexes, sorts and nesting of whole tables', () => {
    assert.deepEqual(plan('limited', 'SELECT * FROM orders WHERE customer_id = ? ORDER BY total', [3]), [
      'SEARCH orders USING INDEX orders_customer (customer_id=?)',
      'USE TEMP B-TREE FOR ORDER BY',
    ])
    assert.deepEqual(plan('open', 'SELECT o.id FROM orders o WHERE o.id = 7'), [
      'SEARCH o USING INTEGER PRIMARY KEY (rowid=?)',
    ])
    assert.deepEqual(plan('open', 'SELECT 1 UNION SELECT id FROM orders'), [
      'MERGE (UNION)',
      '  LEFT',
      '    SCAN CONSTANT ROW',
      '  RIGHT',
      '    SCAN orders',
    ])
  })
  test('needs no values to plan, takes them, and refuses too many', () => {
    const sql = 'SELECT * FROM orders WHERE id = :id AND total > ?2'
    assert.deepEqual(plan('open', sql), plan('open', sql, [1, 2]))
    assert.throws(() => plan('open', sql, [1, 2, 3]), { code: 'invalid_input' })
  })
  test('does not run the statement', () => {
    plan('open', 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n')
  })
  test('shows of limited tables and of views over hidden ones the phrases and the exposed names', () => {
    assert.deepEqual(plan('limited', 'SELECT id FROM employees WHERE department = ?'), ['SCAN employees'])
    assert.deepEqual(plan('views', 'SELECT * FROM login_names'), ['MATERIALIZE …', '  SCAN …', 'SCAN …'])
  })
  test('a name the caller gives does not confirm a hidden one', () => {
    const aliased = (alias: string) => plan('views', `SELECT ${alias}.id AS ${alias} FROM login_names ${alias}`)
    assert.deepEqual(aliased('users'), aliased('anything'))
    assert.deepEqual(aliased('fenced'), aliased('anything'))
  })
  test('is judged as a query is', () => {
    for (const sql of ['SELECT * FROM secrets', 'DELETE FROM orders', 'EXPLAIN SELECT 1', 'SELECT 1; SELECT 2'])
      assert.throws(() => plan('limited', sql), { code: 'sql_denied' }, sql)
  })

  test('names nothing hidden for any query of the corpus', () => {
    const hidden = /secrets|users|password|token|salary|email|credit|created_at|fenced/i
    for (const { given } of vectors('legitimate.json') as {
      given: { sql: string; policy: string; params?: Params }
    }[]) {
      if (given.policy === 'open' || hidden.test(given.sql)) continue
      assert.doesNotMatch(plan(given.policy, given.sql, given.params).join('\n'), hidden, given.sql)
    }
  })
})
