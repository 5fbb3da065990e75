// The guard against a world that moves: schema changes, live writers, WAL, files that are no database.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, suite, test } from 'node:test'
import { tenantScope } from '@hardened-mcp/security-core'
import Database from 'better-sqlite3'
import { executor } from './executor.ts'
import { CALLER, fixture, SECRET, SPEND } from './fixture.ts'
import { guard } from './guard.ts'
import type { Whose } from './row-filter.ts'

const made: (() => void)[] = []
after(() => made.forEach((remove) => remove()))
function fresh(): string {
  const { file, remove } = fixture()
  made.push(remove)
  return file
}

const ask = (run: ReturnType<typeof executor>, sql: string, maxRows = 100) =>
  JSON.parse(
    run({ op: 'query', caller: CALLER, database: 'shop', sql, params: [], maxRows, format: 'json' }, SPEND).text,
  ) as { rows: unknown[][] }
const shop = (file: string, tables: unknown = '*') => executor({ databases: [{ name: 'shop', file, tables }] }, SECRET)

suite('guard()', () => {
  test('learns a changed schema before it answers', () => {
    const file = fresh()
    const writer = new Database(file)
    const run = shop(file, { orders: { columns: ['id', 'status'] }, secrets: { columns: ['id'] } })
    assert.deepEqual(ask(run, 'SELECT * FROM orders WHERE id = 1').rows, [[1, 'paid']])
    writer.exec('ALTER TABLE orders RENAME COLUMN status TO state')
    assert.throws(() => ask(run, 'SELECT * FROM orders WHERE status IS NULL'), { code: 'sql_denied' })
    writer.exec('ALTER TABLE orders RENAME COLUMN state TO status')
    assert.deepEqual(ask(run, 'SELECT * FROM orders WHERE id = 1').rows, [[1, 'paid']])
    writer.exec('DROP TABLE secrets; CREATE TABLE other(id INTEGER PRIMARY KEY, value TEXT); VACUUM')
    assert.throws(() => ask(run, 'SELECT * FROM secrets'), { code: 'sql_denied' })
    assert.throws(() => ask(run, 'SELECT * FROM other'), { code: 'sql_denied' })
    writer.close()
  })

  test('serves a new table and a new column where everything is granted', () => {
    const file = fresh()
    const run = shop(file)
    assert.throws(() => ask(run, 'SELECT * FROM later'), { code: 'sql_denied' })
    const writer = new Database(file)
    writer.exec('CREATE TABLE later(a); INSERT INTO later VALUES (7); ALTER TABLE orders ADD COLUMN note')
    writer.close()
    assert.deepEqual(ask(run, 'SELECT * FROM later').rows, [[7]])
    assert.deepEqual(ask(run, 'SELECT note FROM orders WHERE id = 1').rows, [[null]])
  })

  test('runs queries on a connection in its strictest mode', () => {
    const on = guard({ name: 'shop', file: fresh(), tables: '*' }, 'veto', '')
    on.inSnapshot(({ engine }) => {
      const settings = ['temp_store', 'mmap_size', 'trusted_schema', 'cell_size_check', 'query_only']
      assert.deepEqual(
        settings.map((name) => engine.pragma(name, { simple: true })),
        [2, 0, 0, 1, 1],
      )
    })
    on.close()
  })

  test('what one tenant asked of a common database is judged anew for another: no answer is faster for it', () => {
    const on = guard({ name: 'shop', file: fresh(), tables: '*' }, 'veto', '')
    const [acme, globex] = [tenantScope('acme'), tenantScope('globex')]
    on.inSnapshot(({ judge }) => {
      const first = judge('SELECT id FROM orders', acme)
      assert.equal(judge('SELECT id FROM orders', acme), first, 'its own is remembered')
      assert.notEqual(judge('SELECT id FROM orders', globex), first)
      const refused = (whose: Whose) => {
        try {
          judge('DELETE FROM orders', whose)
        } catch (thrown) {
          return thrown
        }
        assert.fail('It was taken')
      }
      assert.equal(refused(acme), refused(acme))
      assert.notEqual(refused(globex), refused(acme))
    })
    on.close()
  })

  test('a page that changes hands does not carry its permission along', () => {
    const file = fresh()
    const writer = new Database(file)
    writer.exec('CREATE TABLE first(a); INSERT INTO first VALUES (1)')
    const run = shop(file, { first: {} })
    assert.deepEqual(ask(run, 'SELECT a FROM first').rows, [[1]])
    writer.exec(
      "DROP TABLE first; CREATE TABLE hidden(a); INSERT INTO hidden VALUES ('CANARY'); CREATE TABLE first(a); INSERT INTO first VALUES (2)",
    )
    assert.deepEqual(ask(run, 'SELECT a FROM first').rows, [[2]])
    assert.deepEqual(ask(run, 'SELECT a, 1 FROM first').rows, [[2, 1]]) // a text that was not judged before
    assert.throws(() => ask(run, 'SELECT a FROM hidden'), { code: 'sql_denied' })
    writer.close()
  })

  test('neither blocks a live writer nor waits for one', () => {
    for (const mode of ['WAL', 'DELETE']) {
      const file = fresh()
      const writer = new Database(file, { timeout: 0 })
      writer.pragma(`journal_mode=${mode}`)
      const run = shop(file)
      for (let round = 1; round <= 20; round += 1) {
        writer.exec(`UPDATE orders SET total = ${round} WHERE id = 1`)
        assert.deepEqual(ask(run, 'SELECT total FROM orders WHERE id = 1').rows, [[round]], mode)
      }
      writer.exec('BEGIN IMMEDIATE; UPDATE orders SET total = -1 WHERE id = 1')
      assert.deepEqual(ask(run, 'SELECT total FROM orders WHERE id = 1').rows, [[20]], mode)
      writer.exec('COMMIT')
      writer.close()
    }
  })

  test('a database that a writer holds for itself is busy, not broken', () => {
    const file = fresh()
    const run = shop(file)
    const writer = new Database(file)
    writer.exec('BEGIN EXCLUSIVE')
    assert.throws(() => ask(run, 'SELECT count(*) FROM orders'), { code: 'busy' })
    writer.exec('COMMIT')
    writer.close()
    assert.deepEqual(ask(run, 'SELECT count(*) FROM orders').rows, [[40]])
  })

  test('leaves no transaction open after a refusal, a failure or a cut', () => {
    const file = fresh()
    const run = shop(file)
    assert.throws(() => ask(run, 'DELETE FROM orders'))
    assert.throws(() => ask(run, "SELECT json('{')"))
    ask(run, 'SELECT * FROM orders', 1)
    const writer = new Database(file, { timeout: 0 })
    writer.exec('BEGIN EXCLUSIVE; UPDATE orders SET total = 1; COMMIT')
    writer.close()
  })

  test('remembers refusals and answers alike, and answers the same again', () => {
    const run = shop(fresh(), { orders: {} })
    for (let round = 0; round < 3; round += 1) {
      assert.throws(() => ask(run, 'SELECT * FROM secrets'), { says: 'No table of that name is available' })
      assert.equal(ask(run, 'SELECT id FROM orders').rows.length, 40)
      for (let other = 0; other < 80; other += 1) ask(run, `SELECT id + ${other} FROM orders WHERE id = 1`)
    }
  })
})

suite('opening a database', () => {
  const opening =
    (file: string, tables: unknown = '*') =>
    () =>
      guard({ name: 'shop', file, tables } as Parameters<typeof guard>[0], 'veto', '')

  test('says in one line what is wrong, without the path', () => {
    const directory = dirname(fresh())
    writeFileSync(
      join(directory, 'text.db'),
      'this is no database, but it is long enough to have a header of some kind',
    )
    assert.throws(opening(join(directory, 'none.db')), {
      message: 'Database shop cannot be opened: the file does not exist or may not be read',
    })
    assert.throws(opening(join(directory, 'text.db')), {
      message: 'Database shop cannot be opened: it is not an SQLite database',
    })
    assert.throws(opening(join(directory, 'no', 'where.db')), (error: Error) => !error.message.includes(directory))
  })

  test('names the granted tables and columns that do not exist', () => {
    const file = fresh()
    assert.throws(opening(file, { orders: {}, order: {} }), { message: 'Database shop has no order' })
    assert.throws(opening(file, { orders: { columns: ['id', 'colour'] } }), {
      message: 'Database shop has no orders.colour',
    })
  })

  test('explains a WAL database whose side files cannot be made, and the way out', () => {
    const file = fresh()
    const writer = new Database(file)
    writer.pragma('journal_mode=WAL')
    writer.close()
    rmSync(`${file}-shm`, { force: true })
    symlinkSync('/nowhere/at/all', `${file}-shm`) // stands for the read-only mount: SQLite can neither open nor create it
    assert.throws(opening(file), /it is in WAL mode .*"PRAGMA journal_mode=DELETE"/)
  })

  test('creates no file and changes none', () => {
    const file = fresh()
    const state = () => [readdirSync(dirname(file)), readFileSync(file).toString('latin1')]
    const before = state()
    const run = shop(file)
    // A sort of 64 000 wide rows would spill to a file with SQLite's default temp_store.
    ask(run, "SELECT a.id FROM orders a, orders b, orders c ORDER BY printf('%.*c', 1000, 'x') || random()", 1)
    assert.throws(opening(`${file}-new`))
    assert.deepEqual(state(), before)
  })
})
