// The engine check and the stubs, each alone on a real database: both must hold without the other layers.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { readCatalogue } from './catalogue.ts'
import { engineCheck, openable } from './engine-check.ts'
import { fixture, vectors } from './fixture.ts'
import { FUNCTIONS } from './functions.ts'
import { openDatabase } from './open-database.ts'
import { coverWithStubs } from './stubs.ts'

const { file, remove } = fixture()
after(remove)
const legitimate = vectors('legitimate.json') as readonly { given: { sql: string } }[]
const granted = { orders: {}, products: {}, articles: {}, login_names: {} }
const bare = openDatabase({ name: 'shop', file }) // without stubs and views
const allowed = openable(bare, readCatalogue(bare, granted, ''), { search: true, functions: FUNCTIONS })
const covered = openDatabase({ name: 'shop', file })
coverWithStubs(covered)

suite('engineCheck()', () => {
  for (const sql of [
    'SELECT * FROM orders',
    'SELECT id FROM orders WHERE customer_id = 1',
    "SELECT ordered_at FROM orders WHERE status = 'open' AND ordered_at > '2024'",
    "SELECT title FROM articles WHERE articles MATCH 'x'",
    'SELECT login FROM login_names',
    "SELECT value FROM json_each('[1]')",
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5) SELECT i, sum(i) OVER (ORDER BY i) FROM n',
  ])
    test(`passes ${sql}`, () => engineCheck(bare, sql, allowed))

  for (const sql of [
    'SELECT * FROM secrets',
    'SELECT value FROM secrets WHERE value > 1',
    'SELECT count(*) FROM secrets',
    'SELECT max(id) FROM customers',
    "SELECT count(*) FROM customers WHERE email > 'b'",
    'SELECT 1 FROM sqlite_schema',
    'SELECT 1 FROM temp.sqlite_schema',
    'SELECT id FROM places',
    'SELECT * FROM articles_data',
    "SELECT * FROM pragma_table_info('orders')",
    'SELECT * FROM dbstat',
    "SELECT load_extension('x')",
    'SELECT sqlite_source_id()',
    "SELECT id FROM orders WHERE fts3_tokenizer('simple') > 1",
    'DELETE FROM orders',
    'INSERT INTO orders(id) VALUES (1) RETURNING id',
    'CREATE TABLE x(a)',
    'CREATE TEMP TABLE x(a)',
    "ATTACH ':memory:' AS m",
    'PRAGMA user_version = 3',
    'PRAGMA schema_version',
    'BEGIN',
    'SAVEPOINT s',
    'VACUUM',
    'ANALYZE',
  ])
    test(`refuses ${sql}`, () => assert.throws(() => engineCheck(bare, sql, allowed), { code: 'sql_denied' }))

  test('opens nothing for an empty policy but the table functions', () => {
    const none = openable(bare, readCatalogue(bare, {}, ''), { search: true, functions: FUNCTIONS })
    assert.equal(none.roots.size, 0)
    for (const { given } of legitimate) {
      if (
        !/\bFROM (orders|products|customers|articles|events)\b/.test(given.sql) ||
        /WITH orders|temp\./.test(given.sql)
      )
        continue
      assert.throws(() => engineCheck(bare, given.sql, none), { code: 'sql_denied' }, given.sql)
    }
  })
})

suite('coverWithStubs()', () => {
  const run = (sql: string) => covered.prepare(sql).all()
  for (const sql of [
    "SELECT load_extension('x')",
    "SELECT load_extension('x', 'y')",
    "SELECT fts3_tokenizer('simple')",
    "SELECT rtreecheck('places')",
    "SELECT rtreecheck('main', 'places')",
    "SELECT rtreenode(2, x'00')",
    'SELECT geopoly_debug(1)',
    "SELECT sqlite_log(1, 'x')",
    'SELECT sqlite_source_id()',
    'SELECT total_changes()',
    'SELECT * FROM pragma_database_list',
    'SELECT * FROM pragma_table_list',
    "SELECT * FROM pragma_table_info('orders')",
    'SELECT * FROM dbstat',
  ])
    test(`covers ${sql}`, () => assert.throws(() => run(sql)))

  test('caps generated blobs on both sides of the limit', () => {
    assert.deepEqual(run('SELECT length(zeroblob(1048576)) AS n'), [{ n: 1048576 }])
    assert.throws(() => run('SELECT length(zeroblob(1048577))'), RangeError)
    assert.deepEqual(run('SELECT length(randomblob(0)) AS n, length(randomblob(16)) AS m'), [{ n: 1, m: 16 }])
    assert.throws(() => run('SELECT length(randomblob(1048577))'), RangeError)
  })
})
