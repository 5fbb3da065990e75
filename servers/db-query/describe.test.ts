// list_tables and describe_table: exposed facts only, within the budget.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { executor } from './executor.ts'
import { databasesOn, fixture, SPEND } from './fixture.ts'
import { likeMatch } from './like-match.ts'

const { file, remove } = fixture()
after(remove)
const run = executor({ databases: databasesOn(file) })
type Answer = Record<string, unknown> & { tables: { name: string }[]; columns: { name: string }[] }
const list = (database: string, pattern?: string, outputBytes: number = SPEND.outputBytes) =>
  JSON.parse(
    run({ op: 'list_tables', database, ...(pattern === undefined ? {} : { pattern }) }, { ...SPEND, outputBytes }).text,
  ) as Answer
const describe = (database: string, table: string) =>
  JSON.parse(run({ op: 'describe_table', database, table }, SPEND).text) as Answer
const names = (rows: { name: string }[]) => rows.map(({ name }) => name)

suite('list_tables', () => {
  test('lists what the policy exposes, without internals', () => {
    assert.deepEqual(names(list('open').tables), [
      'articles',
      'customers',
      'employees',
      'events',
      'extremes',
      'login_names',
      'order_items',
      'order_totals',
      'orders',
      'places',
      'products',
      'secrets',
      'select',
      'users',
    ])
    assert.deepEqual(names(list('limited').tables), [
      'articles',
      'customers',
      'employees',
      'events',
      'extremes',
      'order_items',
      'order_totals',
      'orders',
      'places',
      'products',
      'select',
    ])
    assert.deepEqual(list('views').tables, [{ name: 'login_names', kind: 'view', database: 'views', columns: 2 }])
  })
  test('filters by a LIKE pattern', () => {
    assert.deepEqual(names(list('limited', 'ORDER%').tables), ['order_items', 'order_totals', 'orders'])
    assert.deepEqual(names(list('limited', 'order_').tables), ['orders'])
    assert.deepEqual(list('limited', 'secret%').tables, [])
  })
  test('lists every database when none is named', () => {
    const all = JSON.parse(run({ op: 'list_tables' }, SPEND).text) as Answer
    assert.equal(all.tables.length, 14 + 11 + 1 + 1)
  })
  test('says that entries were left out', () => {
    const cut = list('open', undefined, 600)
    assert.deepEqual(cut['truncated'], { reason: 'entries' })
    assert.ok(cut.tables.length > 0 && JSON.stringify(cut).length <= 600)
  })
  test('refuses a database that was not granted, in the worker too', () => {
    assert.throws(() => list('other'), { code: 'policy_denied', says: 'No database of that name is available' })
  })
})

suite('describe_table', () => {
  test('shows columns, keys and indexes', () => {
    const orders = describe('open', 'ORDERS')
    assert.equal(orders['table'], 'orders')
    assert.deepEqual(orders.columns[0], { name: 'id', type: 'INTEGER', primary_key: 1 })
    assert.deepEqual(orders['foreign_keys'], [{ columns: ['customer_id'], table: 'customers', references: ['id'] }])
    assert.deepEqual(describe('open', 'products').columns.at(-1), {
      name: 'price_cents',
      type: 'INTEGER',
      generated: true,
    })
    assert.deepEqual(describe('open', 'customers').columns.at(-1), { name: 'credit_limit', type: 'REAL', default: '0' })
  })
  test('names nothing that is hidden', () => {
    const employees = describe('limited', 'employees')
    assert.deepEqual(names(employees.columns), ['id', 'name', 'manager_id', 'department'])
    assert.doesNotMatch(JSON.stringify(employees), /salary/)
    assert.doesNotMatch(JSON.stringify(describe('limited', 'customers')), /email|credit/)
    assert.doesNotMatch(JSON.stringify(describe('views', 'login_names')), /users|token/)
    assert.equal(describe('limited-only', 'customers')['foreign_keys'], undefined)
  })
  test('answers not_found alike for hidden, missing and internal names', () => {
    for (const table of [
      'secrets',
      'nothing',
      'sqlite_schema',
      'articles_data',
      "x'); DROP TABLE orders; --",
      'orders"',
      '',
    ])
      assert.throws(
        () => describe('limited', table),
        { code: 'not_found', says: 'No table of that name is available' },
        table,
      )
  })
})

suite('likeMatch()', () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['%', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a%c', 'abbbc', true],
    ['a%c', 'abbb', false],
    ['%b%b%', 'abcb', true],
    ['_', 'é', true],
    ['__', '😀', false],
    ['ORD%', 'orders', true],
  ]
  for (const [pattern, text, expected] of rows)
    test(`${pattern} on ${text}: ${expected}`, () => assert.equal(likeMatch(pattern, text), expected))
  test('does not grow with the number of wildcards', () => {
    assert.equal(likeMatch(`${'%a'.repeat(60)}b`, 'a'.repeat(128)), false)
  })
})
