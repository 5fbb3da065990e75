// list_tables and describe_table: exposed facts only, within the budget.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import Database from 'better-sqlite3'
import { executor } from './executor.ts'
import { CALLER, databasesOn, fixture, SECRET, SPEND } from './fixture.ts'
import { likeMatch } from './like-match.ts'

const { file, remove } = fixture()
after(remove)
const run = executor({ databases: databasesOn(file) }, SECRET)
type Answer = Record<string, unknown> & { tables: { name: string }[]; columns: { name: string }[] }
const list = (database: string, pattern?: string, outputBytes: number = SPEND.outputBytes) =>
  JSON.parse(
    run(
      { op: 'list_tables', caller: CALLER, detail: 'summary', database, ...(pattern === undefined ? {} : { pattern }) },
      { ...SPEND, outputBytes },
    ).text,
  ) as Answer
const describe = (database: string, table: string) =>
  JSON.parse(run({ op: 'describe_table', caller: CALLER, database, table }, SPEND).text) as Answer
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
    const all = JSON.parse(run({ op: 'list_tables', caller: CALLER, detail: 'summary' }, SPEND).text) as Answer
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
      'orders" --',
      '',
    ])
      assert.throws(
        () => describe('limited', table),
        { code: 'not_found', says: 'No table of that name is available' },
        table,
      )
  })
  test('offers the nearest exposed name, never a hidden one', () => {
    const says = (table: string, nearest: string) =>
      assert.throws(() => describe('limited', table), { says: `No table of that name is available${nearest}` })
    says('custmers', '; the nearest is customers')
    says('order', '; the nearest is orders')
    says('secret', '')
    says('user', '')
  })
})

suite('what is told beside the columns', () => {
  const commented = fixture()
  after(commented.remove)
  const db = new Database(commented.file)
  db.exec(`
    CREATE TABLE parcels ( -- what is under way
      -- the number on the label
      id INTEGER PRIMARY KEY,
      weight REAL, -- in kilograms
      "ship to" TEXT DEFAULT 'a, -- b', /* where it goes, /* really */
      internal_note TEXT, -- for us
      order_id INTEGER REFERENCES orders(id), -- see users.password_hash
      CHECK (weight > 0) -- no feathers
    );
    INSERT INTO parcels SELECT id, id * 1.5, 'street ' || (id % 2), 'CANARY', id FROM orders;
  `)
  db.close()
  const grant = (name: string, tables: unknown) => ({ name, file: commented.file, tables })
  const shown = { columns: ['id', 'weight', 'ship to', 'order_id'] }
  const run = executor(
    {
      databases: [grant('open', '*'), grant('some', { parcels: { ...shown, samples: true }, orders: {} })],
    },
    SECRET,
  )
  type Facts = {
    comment?: string
    row_estimate?: number
    columns: { name: string; comment?: string; samples?: unknown }[]
  }
  const facts = (database: string, table: string) =>
    JSON.parse(run({ op: 'describe_table', caller: CALLER, database, table }, SPEND).text) as Facts
  const commentsOf = ({ columns }: Facts) => Object.fromEntries(columns.map(({ name, comment }) => [name, comment]))

  test('comments stand with the table and the column they were written beside', () => {
    const parcels = facts('open', 'parcels')
    assert.equal(parcels.comment, 'what is under way')
    assert.deepEqual(commentsOf(parcels), {
      id: 'the number on the label',
      weight: 'in kilograms',
      'ship to': 'where it goes, /* really',
      internal_note: 'for us',
      order_id: 'see users.password_hash',
    })
  })
  test('a comment that names something hidden is left out', () => {
    const parcels = facts('some', 'parcels')
    assert.deepEqual(commentsOf(parcels), {
      id: 'the number on the label',
      weight: 'in kilograms',
      'ship to': 'where it goes, /* really',
      order_id: undefined,
    })
  })
  test('values are shown where the policy grants them, three at most, of exposed columns', () => {
    const { columns } = facts('some', 'parcels')
    assert.deepEqual(
      columns.map(({ samples }) => samples),
      [
        [1, 2, 3],
        [1.5, 3, 4.5],
        ['street 1', 'street 0'],
        [1, 2, 3],
      ],
    )
    assert.ok(facts('open', 'parcels').columns.every(({ samples }) => samples === undefined))
  })
  test('rows are counted, or taken from the statistics', () => {
    assert.equal(facts('some', 'orders').row_estimate, 40) // ANALYZE has run on it
    assert.equal(facts('some', 'parcels').row_estimate, 40) // and not on this
    assert.equal(facts('open', 'login_names').row_estimate, undefined)
  })
  test('list_tables goes from names to everything', () => {
    const listed = (detail: string) =>
      JSON.parse(
        run({ op: 'list_tables', caller: CALLER, database: 'some', pattern: 'parcels', detail }, SPEND).text,
      ) as unknown
    assert.deepEqual(listed('names'), { tables: [{ name: 'parcels', database: 'some' }] })
    const summary = { name: 'parcels', kind: 'table', database: 'some', columns: 4 }
    assert.deepEqual(listed('summary'), { tables: [summary] })
    assert.deepEqual(listed('full'), {
      tables: [{ ...summary, row_estimate: 40, comment: 'what is under way', column_names: shown.columns }],
    })
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
