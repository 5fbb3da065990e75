// The veto of node-sql-parser: what it understands must be one plain SELECT, and it can neither stall nor pass anything.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { vectors as corpus } from './fixture.ts'
import { canObject, parserVeto } from './parser-veto.ts'
import { tokensOf } from './token-scan.ts'

const vectors = (name: string) => corpus(name) as readonly { given: { sql: string } }[]

function veto(sql: string, mode: 'veto' | 'require' | 'off' = 'veto', tries = 5): void {
  try {
    parserVeto(sql, tokensOf(sql), mode)
  } catch (thrown) {
    // On a crowded machine the parser may miss its deadline; the answer then says so, and asking again is the way out.
    if ((thrown as { code?: string }).code !== 'busy' || tries === 1) throw thrown
    veto(sql, mode, tries - 1)
  }
}

suite('parserVeto()', () => {
  for (const sql of [
    'SELECT a FROM t',
    'SELECT a FROM t UNION SELECT b FROM u',
    'WITH x AS (SELECT 1) SELECT * FROM x',
    'SELECT a FROM t;',
  ])
    test(`agrees: ${sql}`, () => {
      veto(sql)
      veto(sql, 'require')
    })
  for (const sql of [
    'DELETE FROM t',
    'INSERT INTO t VALUES (1)',
    'UPDATE t SET a = 1',
    'DROP TABLE t',
    'SELECT 1; SELECT 2',
    'CREATE TABLE t (a INT)',
  ])
    test(`vetoes: ${sql}`, () => assert.throws(() => veto(sql), { code: 'sql_denied' }))

  test('says nothing about what it cannot read, unless the policy requires it to agree', () => {
    veto('SELECT count(*) FILTER (WHERE a) FROM t')
    assert.throws(() => veto('SELECT count(*) FILTER (WHERE a) FROM t', 'require'), { code: 'sql_denied' })
    veto('DELETE FROM t', 'off')
  })

  test('ends within its deadline on the text that would hold it for minutes', () => {
    const started = performance.now()
    const bomb = `select ${'cast('.repeat(8)}`
    for (let round = 0; round < 3; round += 1)
      assert.throws(() => parserVeto(bomb, tokensOf(bomb), 'require'), { code: 'busy' })
    assert.ok(performance.now() - started < 20_000) // 3 x 200 ms; unbounded it takes 223 s each
    assert.throws(() => veto(bomb, 'require'), { code: 'busy' })
    veto('SELECT a FROM t', 'require') // and it works afterwards
  })

  test('is not asked only where it never objects: the texts of both corpora', () => {
    let unasked = 0
    for (const { given } of [...vectors('legitimate.json'), ...vectors('attacks.json')]) {
      if (canObject(given.sql) || given.sql.length > 2000) continue
      unasked += 1
      try {
        parserVeto(given.sql, [], 'require')
      } catch (thrown) {
        assert.match((thrown as Error).message, /^parserRequired|^too slow/, given.sql)
      }
    }
    assert.ok(unasked > 200, `${unasked}`)
  })
  test('is asked where a literal may hold a statement for it', () => {
    for (const sql of [
      "SELECT 'a\\'; DELETE FROM t'",
      "select 1 where x = 'INTO'",
      'WITH x AS (SELECT 1) DELETE FROM t',
      'VALUES (1)',
    ])
      assert.ok(canObject(sql), sql)
    for (const sql of ['SELECT name FROM customers WHERE id = ?', ' with x as (select 1) select * from x'])
      assert.equal(canObject(sql), false, sql)
  })

  test('does not read texts over its limits', () => {
    assert.throws(() => veto(`SELECT ${'('.repeat(13)}1${')'.repeat(13)}`, 'require'), { code: 'sql_denied' })
    veto(`SELECT ${'('.repeat(12)}1${')'.repeat(12)}`, 'require')
  })
})
