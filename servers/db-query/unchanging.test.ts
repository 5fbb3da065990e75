// A database granted as unchanging keeps its read lock between queries: writers wait, readers do not, and WAL is refused with its reason.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { suite, test } from 'node:test'
import Database from 'better-sqlite3'
import { executor } from './executor.ts'
import { CALLER, fixture, SECRET, SPEND } from './fixture.ts'

const QUERY = { op: 'query', caller: CALLER, database: 'shop', sql: 'SELECT count(*) FROM orders', params: [], maxRows: 10, format: 'json' } // biome-ignore format: one operation

const granted = (file: string, unchanging: boolean, where = {}) => ({
  databases: [{ name: 'shop', file, tables: { orders: where }, ...(unchanging ? { unchanging } : {}) }],
})

// Another process: locks of one process do not stand in each other's way.
const WRITER = `
  const db = new (require('node:sqlite').DatabaseSync)(process.argv[1])
  try { db.exec('UPDATE orders SET total = total + 1 WHERE id = 1'); console.log('written') } catch ({ errstr }) { console.log(errstr) }`

/** What SQLite says to a writer. */
const writing = (file: string) =>
  execFileSync(process.execPath, ['--no-warnings', '-e', WRITER, file], { encoding: 'utf8' }).trim()

suite('unchanging', () => {
  for (const [unchanging, outcome] of [
    [true, 'database is locked'],
    [false, 'written'],
  ] as const)
    test(`a writer is told "${outcome}" between two queries when unchanging is ${unchanging}`, (t) => {
      const { file, remove } = fixture()
      t.after(remove)
      const execute = executor(granted(file, unchanging), SECRET)
      const first = execute(QUERY, SPEND).text
      assert.match(first, /"rows":\[\[40\]\]/)
      assert.equal(writing(file), outcome)
      assert.equal(execute(QUERY, SPEND).text, first)
    })

  test('lets a second reader in, which keeps its own lock', (t) => {
    const { file, remove } = fixture()
    t.after(remove)
    const texts = [1, 2].map(() => executor(granted(file, true), SECRET)(QUERY, SPEND).text)
    assert.equal(texts[0], texts[1])
  })

  test('keeps the lock of one tenant when another tenant gets a connection', (t) => {
    const { file, remove } = fixture()
    t.after(remove)
    const execute = executor(granted(file, true, { where: 'id > 0 AND :tenant <> 0' }), SECRET)
    for (const tenant of ['acme', 'globex']) {
      execute({ ...QUERY, caller: { ...CALLER, tenant } }, SPEND)
      assert.equal(writing(file), 'database is locked', tenant)
    }
  })

  test('is refused for a database in WAL mode, with the way out', (t) => {
    const { file, remove } = fixture()
    t.after(remove)
    const db = new Database(file)
    db.pragma('journal_mode=WAL')
    db.close()
    assert.throws(() => executor(granted(file, true), SECRET), {
      message:
        'Database shop cannot be opened: it is granted as unchanging and is in WAL mode; run "PRAGMA journal_mode=DELETE" on a copy',
    })
  })
})
