// The skeleton alone: names in every form, and its texts. Fixed cases; the corpora are in vectors.test.ts.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { type Exposed, readCatalogue } from './catalogue.ts'
import { asker, fixture } from './fixture.ts'
import { nearestName } from './nearest-name.ts'
import { openDatabase } from './open-database.ts'
import { RULES } from './refusals.ts'
import { limitedView, skeleton } from './skeleton.ts'

const { file, remove } = fixture()
after(remove)
const engine = openDatabase({ name: 'shop', file })
const granted = { employees: { columns: ['id', 'NAME'] }, Orders: {}, articles: {}, order_items: {} }
const catalogue = readCatalogue(engine, granted, '')
const bones = skeleton(catalogue)
const says = (sql: string) => {
  try {
    bones.prepare(sql)
    return 'passes'
  } catch (thrown) {
    return (thrown as { says: string }).says
  }
}

suite('skeleton()', () => {
  for (const sql of [
    'SELECT * FROM employees',
    'SELECT E.NAME FROM "employees" E ORDER BY e.id',
    'SELECT rowid FROM orders',
    "SELECT rank FROM articles WHERE articles MATCH 'x'",
    'SELECT order_id FROM order_items',
    'WITH secrets AS (SELECT 1 AS value) SELECT value FROM secrets',
  ])
    test(`passes ${sql}`, () => assert.equal(says(sql), 'passes'))

  for (const [sql, text] of [
    ['SELECT salary FROM employees', RULES.unknownColumn],
    ['SELECT * FROM main.employees', `${RULES.unknownTable}; the nearest is employees`],
    ['SELECT * FROM secrets', RULES.unknownTable],
    ['SELECT rowid FROM employees', RULES.unknownColumn],
    ['SELECT rowid FROM order_items', RULES.unknownColumn],
    ['SELECT no_such_function(1)', RULES.unknownFunction],
    ['SELECT abs(1, 2)', RULES.functionArguments],
    ['SELECT id FROM orders, employees', RULES.ambiguousColumn],
    ['SELECT id FROM orders WHERE sum(id) > 1', RULES.aggregateMisuse],
    ['SELECT FROM', `${RULES.syntax} near FROM`],
    [`SELECT 1 'x' "y`, RULES.syntax],
    ['SELECT now()', `${RULES.unknownFunction}; SQLite has datetime('now')`],
    ['SELECT lenght(1)', `${RULES.unknownFunction}; the nearest is length`],
    ['SELECT "GB"', RULES.quotedText],
    ['SELECT 1 ORDER BY 2', RULES.orderTerm],
    ['WITH RECURSIVE r AS (SELECT 1 a UNION ALL SELECT sum(a) FROM r) SELECT * FROM r', RULES.recursion],
    ['SELECT 1 UNION SELECT 1, 2', RULES.columnCount],
  ] as const)
    test(`refuses ${sql}`, () => assert.equal(says(sql), text))

  test('holds no row and no value of the real database', () => {
    for (const table of catalogue.values()) assert.ok(!JSON.stringify(table).includes('CANARY'))
    assert.deepEqual([...catalogue.keys()].toSorted(), ['articles', 'employees', 'order_items', 'orders'])
    assert.deepEqual(
      catalogue.get('employees')?.columns.map(({ name }) => name),
      ['id', 'name'],
    )
  })

  test('quotes names, so that a table cannot be named out of its statement', () => {
    const column = {
      name: 'a"b',
      type: '',
      notNull: false,
      primaryKey: 0,
      fallback: null,
      hidden: false,
      generated: false,
    }
    const odd: Exposed = {
      name: 'x"; DROP TABLE y',
      kind: 'table',
      columns: [column],
      limited: true,
      filter: '',
      samples: false,
      fenced: false,
      unindexed: false,
      withoutRowid: false,
      ddl: '',
      indexes: [],
    }
    assert.equal(
      limitedView(odd),
      'CREATE TEMP VIEW "x""; DROP TABLE y" AS SELECT "a""b" FROM main."x""; DROP TABLE y"',
    )
    skeleton(new Map([['x', odd]])).prepare('SELECT "a""b" FROM "x""; DROP TABLE y"')
  })
})

suite('nearestName()', () => {
  test('offers a name within a third of its length, and only plain ones', () => {
    assert.equal(nearestName('ordres', ['orders', 'products']), 'orders')
    assert.equal(nearestName('ORDER', ['orders']), 'orders')
    assert.equal(nearestName('xyz', ['orders']), undefined)
    assert.equal(nearestName('ordersx', ['orders\u001b[2J']), undefined)
    assert.equal(nearestName('x'.repeat(65), ['x'.repeat(64)]), undefined)
    assert.equal(nearestName('', ['a']), undefined)
    assert.equal(nearestName('nmae', ['age', 'name']), 'name') // two letters that changed places are one mistake
    assert.equal(nearestName('e', ['n']), undefined)
  })
})

suite('a name that belongs elsewhere', () => {
  const ask = asker(file)
  const saysOf = (sql: string) => {
    const outcome = ask(sql, 'limited')
    return 'says' in outcome ? outcome.says : 'answered'
  }
  for (const [sql, hint] of [
    ['SELECT sku FROM orders', /another table has one$/],
    ['SELECT email FROM orders', /available$/], // hidden: nothing is said of it
    ['SELECT * FROM main.customers', /the nearest is customers$/],
    ['SELECT * FROM information_schema.tables', /list_tables and describe_table tell of tables and columns$/],
    ['SELECT * FROM generate_series(1, 3)', /SQLite has WITH RECURSIVE$/],
    ['SELECT id::text FROM orders', /SQLite has CAST\(x AS type\)$/],
    ["SELECT string_agg(DISTINCT status, ',') FROM orders", /^An aggregate with DISTINCT takes one argument$/],
    ["SELECT * FROM customers('x')", /^Only the table functions json_each and json_tree are available$/],
    ['SELECT *', /needs a table in FROM$/],
    ['SELECT * FROM orders NATURAL JOIN customers ON 1', /^A join has a form/],
    ['WITH a AS (SELECT 1), a AS (SELECT 2) SELECT * FROM a', /^A WITH part has the name of another one$/],
    ['SELECT ?40000', /must be between \?1 and \?32766$/],
    ['SELECT * FROM articles_data', /^No table of that name is available$/], // as for a missing one
  ] as const)
    test(`is said to be there: ${sql}`, () => assert.match(saysOf(sql), hint))
})
