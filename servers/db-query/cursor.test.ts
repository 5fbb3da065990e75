// Cursors: bound to caller, query and data, not forgeable, and exact about where they go on.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { tenantScope } from '@hardened-mcp/security-core'
import { type Binding, cursors, DATA_BYTES } from './cursor.ts'
import { executor } from './executor.ts'
import { CALLER, fixture, SECRET, SPEND } from './fixture.ts'
import type { QueryOperation } from './operations.ts'

const BINDING: Binding = {
  caller: { tenant: tenantScope('acme'), id: 'agent' },
  database: 'shop',
  sql: 'SELECT 1',
  params: [],
}
const DATA = Buffer.alloc(DATA_BYTES, 7)
const FOREIGN = { code: 'invalid_input', says: /does not belong to this query/ }
const CHANGED = { code: 'invalid_input', says: /data have changed/ }

suite('cursors()', () => {
  const { mint, read } = cursors(SECRET)
  test('gives back the position, on both ends of its range', () => {
    for (const skip of [1, 2 ** 32, 2 ** 48 - 1]) assert.equal(read(mint(BINDING, DATA, skip), BINDING, DATA), skip)
  })
  const others: readonly (readonly [string, Partial<Binding>])[] = [
    ['tenant', { caller: { tenant: tenantScope('other'), id: 'agent' } }],
    ['caller', { caller: { tenant: tenantScope('acme'), id: 'other' } }],
    ['database', { database: 'crm' }],
    ['statement', { sql: 'SELECT 2' }],
    ['parameters', { params: [1] }],
    ['shape of the parameters', { params: {} }],
    ['split of tenant and caller', { caller: { tenant: tenantScope('acmea'), id: 'gent' } }],
  ]
  for (const [what, change] of others)
    test(`refuses another ${what}`, () =>
      assert.throws(() => read(mint(BINDING, DATA, 5), { ...BINDING, ...change }, DATA), FOREIGN))
  test('says that the data changed, and only to whom the cursor was given', () => {
    const later = Buffer.alloc(DATA_BYTES, 8)
    assert.throws(() => read(mint(BINDING, DATA, 5), BINDING, later), CHANGED)
    assert.throws(() => read(mint(BINDING, DATA, 5), { ...BINDING, sql: '' }, later), FOREIGN)
  })
  test('refuses the cursors of another server', () => {
    const elsewhere = cursors(`${SECRET}x`)
    assert.throws(() => read(elsewhere.mint(BINDING, DATA, 5), BINDING, DATA), FOREIGN)
  })
  test('refuses every change of a character, and every other text', () => {
    const good = mint(BINDING, DATA, 5)
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.constantFrom(...'AZaz09-_+/=. '), (at, letter) => {
        const bad = good.slice(0, at) + letter + good.slice(at + 1)
        if (bad !== good) assert.throws(() => read(bad, BINDING, DATA), FOREIGN)
      }),
    )
    for (const bad of ['', 'x', `${good}=`, `${good} `, good.slice(1), good + good, good.toUpperCase()])
      assert.throws(() => read(bad, BINDING, DATA), FOREIGN, bad)
  })
  test('needs a secret worth the name', () => assert.throws(() => cursors('short'), RangeError))
})

const made: (() => void)[] = []
after(() => made.forEach((remove) => remove()))
type Answer = { rows: unknown[][]; row_count: number; truncated?: { reason: string; next?: string } }

/** Several executors stand for several workers. */
function workers(tables: unknown = '*') {
  const { file, remove } = fixture()
  made.push(remove)
  const one = () => executor({ databases: [{ name: 'shop', file, tables }] }, SECRET)
  const ask = (run: ReturnType<typeof one>, sql: string, more: Partial<QueryOperation> = {}, outputBytes = 65_536) =>
    JSON.parse(
      run(
        { op: 'query', caller: CALLER, database: 'shop', sql, params: [], maxRows: 7, format: 'json', ...more },
        { ...SPEND, outputBytes },
      ).text,
    ) as Answer
  return { file, one, ask }
}

function allPages(ask: (cursor: Partial<QueryOperation>) => Answer): { rows: unknown[][]; pages: number } {
  const rows: unknown[][] = []
  let cursor: Partial<QueryOperation> = {}
  for (let pages = 1; pages < 100; pages += 1) {
    const answer = ask(cursor)
    rows.push(...answer.rows)
    if (answer.truncated === undefined) return { rows, pages }
    assert.ok(answer.truncated.next !== undefined, JSON.stringify(answer.truncated))
    cursor = { cursor: answer.truncated.next }
  }
  assert.fail('The pages have no end')
}

suite('paging', () => {
  const { file, one, ask } = workers()
  const [first, second] = [one(), one()]

  test('goes on exactly where it stopped, on whatever worker', () => {
    for (const sql of [
      'SELECT id, status FROM orders ORDER BY total DESC',
      'SELECT order_id, product_id FROM order_items',
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) SELECT i, date('2024-01-01', i || ' days') FROM n",
      "SELECT name FROM articles, customers WHERE articles MATCH 'privilege'",
    ]) {
      let turn = 0
      const paged = allPages((cursor) => ask((turn += 1) % 2 === 0 ? first : second, sql, cursor))
      assert.deepEqual(paged.rows, ask(first, sql, { maxRows: 1000 }).rows, sql)
      assert.ok(paged.pages > 1, sql)
    }
  })
  test('goes on after a cut by bytes, whatever the size of the pages', () => {
    const sql = "SELECT id, printf('%.*c', id * 20, 'x') FROM orders ORDER BY id"
    const paged = allPages((cursor) => ask(first, sql, { ...cursor, maxRows: 1000 }, 3000))
    assert.deepEqual(
      paged.rows.map(([id]) => id),
      Array.from({ length: 40 }, (_, index) => index + 1),
    )
    assert.ok(paged.pages > 3)
  })
  test('keeps to the parameters and lets the page size and the form change', () => {
    const sql = 'SELECT id FROM orders WHERE id > ? ORDER BY id'
    const { truncated } = ask(first, sql, { params: [10] })
    assert.deepEqual(ask(second, sql, { params: [10], maxRows: 2, cursor: truncated?.next ?? '' }).rows, [[18], [19]])
    assert.throws(() => ask(second, sql, { params: [11], cursor: truncated?.next ?? '' }), FOREIGN)
  })
  test('is for the caller it was given to', () => {
    const sql = 'SELECT id FROM orders'
    const cursor = ask(first, sql).truncated?.next ?? ''
    assert.throws(() => ask(first, sql, { cursor, caller: { ...CALLER, id: 'other' } }), FOREIGN)
    assert.throws(() => ask(first, sql, { cursor, caller: { ...CALLER, tenant: tenantScope('other') } }), FOREIGN)
  })
  for (const mode of ['DELETE', 'WAL'])
    test(`ends when the data change, and says so: journal mode ${mode}`, () => {
      const writer = new Database(file)
      writer.pragma(`journal_mode=${mode}`)
      const sql = 'SELECT id, total FROM orders ORDER BY id'
      const [here, there] = [one(), one()]
      const cursor = ask(here, sql).truncated?.next ?? ''
      assert.equal(ask(there, sql, { cursor }).rows[0]?.[0], 8)
      writer.exec('UPDATE orders SET total = total + 1 WHERE id = 40')
      for (const run of [here, there]) assert.throws(() => ask(run, sql, { cursor }), CHANGED)
      const next = ask(here, sql).truncated?.next ?? ''
      assert.equal(ask(there, sql, { cursor: next }).rows[0]?.[0], 8)
      writer.exec(`CREATE TABLE another_${mode}(a)`)
      assert.throws(() => ask(there, sql, { cursor: next }), CHANGED)
      writer.close()
    })
  test('gives no cursor where the rows would not come again', () => {
    for (const sql of [
      'SELECT id FROM orders ORDER BY random()',
      "SELECT id, julianday('NOW') FROM orders",
      'SELECT id, date() FROM orders',
      'SELECT id, current_timestamp FROM orders',
    ])
      assert.deepEqual(ask(first, sql).truncated, { reason: 'rows' }, sql)
    assert.deepEqual(ask(first, 'SELECT id, date(?) FROM orders', { params: ['now'] }).truncated, { reason: 'rows' })
    assert.ok(ask(first, "SELECT id, date(ordered_at), 'known' FROM orders").truncated?.next !== undefined)
  })
  test('does not give a cursor to the same page again', () => {
    assert.throws(() => ask(first, "SELECT printf('%.*c', 3000, 'x')", {}, 2000), { code: 'too_large' })
  })
})
