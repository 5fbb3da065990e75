// Fenced views on a real database: what a query may not make SQLite evaluate behind them.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import Database from 'better-sqlite3'
import { executor } from './executor.ts'
import { CALLER, SECRET, SPEND } from './fixture.ts'

const directory = mkdtempSync(join(tmpdir(), 'db-query-fence-'))
const file = join(directory, 'fence.db')
after(() => rmSync(directory, { recursive: true }))

const db = new Database(file)
db.exec(`
  CREATE TABLE rows (id INTEGER PRIMARY KEY, owner TEXT, note TEXT);
  INSERT INTO rows VALUES (1, 'them', 'CANARY'), (2, 'me', 'mine'), (3, 'them', 'not json');
  CREATE INDEX rows_note ON rows(note);
  CREATE VIEW my_rows AS SELECT id, note FROM rows WHERE owner = 'me';
  CREATE VIRTUAL TABLE docs USING fts5(title, body);
  INSERT INTO docs VALUES ('1', 'CANARY one'), ('2', 'CANARY two'), ('3', 'plain');
  CREATE VIRTUAL TABLE docs4 USING fts4(title, body);
  INSERT INTO docs4 VALUES ('1', 'CANARY one'), ('2', 'plain');
  CREATE VIRTUAL TABLE pub USING fts5(title, body);
  INSERT INTO pub VALUES (1, 'open one'), (2, 'open two'), (3, 'open three');
  WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 400) INSERT INTO pub SELECT i, 'x' FROM n;
  CREATE VIEW titles AS SELECT title FROM docs;
`)
db.close()

const run = executor(
  {
    databases: [
      { name: 'all', file, tables: '*' },
      { name: 'views', file, tables: { my_rows: {}, titles: {}, pub: {} } },
      { name: 'columns', file, tables: { docs: { columns: ['title'] }, docs4: { columns: ['title'] }, pub: {} } },
      { name: 'plain', file, tables: { pub: {}, rows: {}, my_rows: {} } },
    ],
  },
  SECRET,
)

function ask(database: string, sql: string): { rows?: unknown[][]; code?: string } {
  try {
    return JSON.parse(
      run({ op: 'query', caller: CALLER, database, sql, params: [], maxRows: 100, format: 'json' }, SPEND).text,
    ) as {
      rows: unknown[][]
    }
  } catch (thrown) {
    return { code: (thrown as { code?: string }).code ?? 'none' }
  }
}

suite('fence()', () => {
  test('a granted view answers with its own rows', () => {
    assert.deepEqual(ask('views', 'SELECT * FROM my_rows').rows, [[2, 'mine']])
    assert.deepEqual(ask('views', 'SELECT title FROM titles ORDER BY 1').rows, [['1'], ['2'], ['3']])
    assert.deepEqual(ask('columns', 'SELECT title FROM docs ORDER BY 1').rows, [['1'], ['2'], ['3']])
  })
  test('an error on a hidden row is no oracle: conditions run on the rows of the view alone', () => {
    const oracle = "SELECT id FROM my_rows WHERE CASE WHEN note = 'CANARY' THEN abs(-9223372036854775808) ELSE 1 END"
    assert.deepEqual(ask('views', oracle).rows, [[2]])
    const malformed = "SELECT id FROM my_rows WHERE CASE note WHEN 'mine' THEN 1 ELSE json(note) END"
    assert.deepEqual(ask('views', malformed).rows, [[2]])
    // With the index, SQLite tests what the index holds before it fetches the row whose owner the view tests.
    const indexed =
      "SELECT id FROM my_rows WHERE note > '' AND CASE WHEN note = 'CANARY' THEN abs(-9223372036854775808) ELSE 1 END"
    assert.deepEqual(ask('views', indexed).rows, [[2]])
    const lowCost =
      'SELECT id FROM my_rows WHERE id IN (1, 2, 3) AND likely(CASE WHEN id = 1 THEN abs(-9223372036854775808) ELSE 1 END)'
    assert.deepEqual(ask('views', lowCost).rows, [[2]])
  })
  test('a view over tables that are granted whole is left to the planner', () => {
    assert.deepEqual(ask('plain', 'SELECT id FROM my_rows WHERE id = 2').rows, [[2]])
  })
  for (const sql of [
    "SELECT title FROM docs WHERE title MATCH 'CANARY'",
    "SELECT title FROM docs WHERE title MATCH 'body : CANARY'",
    "SELECT title FROM docs WHERE docs MATCH 'CANARY'",
    "SELECT title FROM docs4 WHERE title MATCH 'body:CANARY'",
    "SELECT highlight(title, 1, '', '') FROM docs",
    "SELECT snippet(title, 1, '', '', '', 64) FROM docs",
    "SELECT highlight(p.title, 1, '', '') FROM pub p, docs d",
    "SELECT highlight(p.title, 1, '', '') FROM docs d, pub p WHERE p.title = 1", // 1 is the number of the cursor on docs
    'SELECT body FROM docs',
    'SELECT docs FROM docs',
    'SELECT rank FROM docs',
    "SELECT * FROM docs('CANARY')",
  ]) {
    test(`hidden columns of a full-text table stay hidden: ${sql}`, () =>
      assert.equal(ask('columns', sql).code, 'sql_denied'))
  }
  for (const sql of [
    "SELECT title FROM titles WHERE title MATCH 'body : CANARY'",
    "SELECT highlight(title, 1, '', '') FROM titles",
    "SELECT highlight(p.title, 1, '', '') FROM titles t, pub p",
  ]) {
    test(`a view over a full-text table hides the rest of it: ${sql}`, () =>
      assert.equal(ask('views', sql).code, 'sql_denied'))
  }
  test('full-text functions stay available where nothing full-text is hidden', () => {
    const sql = "SELECT highlight(pub, 1, '<', '>') FROM pub WHERE pub MATCH 'three'"
    assert.deepEqual(ask('plain', sql).rows, [['open <three>']])
    assert.deepEqual(ask('all', "SELECT snippet(docs, 1, '<', '>', '', 5) FROM docs WHERE docs MATCH 'two'").rows, [
      ['CANARY <two>'],
    ])
  })
})
