// Row filters: one condition, one tenant's rows, and no way to see, count, order by or fail on the rows of another.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import Database from 'better-sqlite3'
import { denialOf } from '@hardened-mcp/security-core'
import { executor } from './executor.ts'
import { SECRET, SPEND } from './fixture.ts'
import { perTenant, rowFilter } from './row-filter.ts'

suite('rowFilter()', () => {
  test('puts the tenant in as a literal', () => {
    assert.equal(rowFilter('tenant_id = :tenant', 'acme'), "tenant_id =  'acme' ")
    assert.equal(
      rowFilter(':tenant IN (a, "b c") AND d = \':tenant\'', "o'b"),
      ` 'o''b'  IN (a, "b c") AND d = ':tenant'`,
    )
    assert.equal(rowFilter("x:tenant'y'", 'acme'), "x 'acme' 'y'")
    assert.equal(rowFilter('deleted_at IS NULL', 'acme'), 'deleted_at IS NULL')
  })
  test('leaves operators of two characters whole, and minus signs apart', () => {
    for (const where of ['a <> 0', 'a<=b', 'a >= - -1', "a || 'x' != ''", 'a == 1 AND b->>1 = 2'])
      assert.equal(rowFilter(where, 'acme'), where)
  })
  for (const bad of [
    '',
    ' ',
    'a) OR (b',
    '(a',
    'a;',
    'a; DROP TABLE t',
    'a -- b',
    'a /* b */',
    'a = ?',
    'a = :other',
    "a = 'x",
  ])
    test(`refuses ${JSON.stringify(bad)}`, () => assert.throws(() => rowFilter(bad, 'acme'), RangeError))
  test('knows whether rows depend on the tenant', () => {
    assert.equal(perTenant({ tables: '*' }), false)
    assert.equal(perTenant({ tables: { a: {}, b: { where: "x = ':tenant'" } } }), false)
    assert.equal(perTenant({ tables: { a: {}, b: { where: 'x = :tenant' } } }), true)
  })
})

const dir = mkdtempSync(join(tmpdir(), 'row-filter-'))
after(() => rmSync(dir, { recursive: true }))
const SCHEMA = `
  CREATE TABLE notes (id INTEGER PRIMARY KEY, tenant TEXT, title TEXT, body TEXT);
  CREATE INDEX notes_tenant ON notes(tenant, title);
  CREATE TABLE members (tenant TEXT, person TEXT, PRIMARY KEY (tenant, person)) WITHOUT ROWID;
  CREATE TABLE salaries (person TEXT, amount INTEGER);
  CREATE VIRTUAL TABLE pages USING fts5(tenant UNINDEXED, text);
  CREATE VIEW titles AS SELECT tenant, title FROM notes;
`
function fileWith(name: string, rows: string): string {
  const file = join(dir, name)
  const db = new Database(file)
  db.exec(SCHEMA + rows)
  db.close()
  return file
}
const ACME = `
  INSERT INTO notes VALUES (1, 'acme', 'one', '{"a":1}'), (5, 'acme', 'two', '{"a":2}'), (9, 'acme', 'three', '{"a":3}');
  INSERT INTO members VALUES ('acme', 'ann'), ('acme', 'bob');
  INSERT INTO salaries VALUES ('ann', 10), ('bob', 20);
  INSERT INTO pages VALUES ('acme', 'public words'), ('acme', 'other text');
`
const full = fileWith(
  'full.db',
  `${ACME}
  INSERT INTO notes VALUES (2, 'zeta', 'CANARY', 'not json'), (3, 'zeta', 'aaa', '{"a":9223372036854775807}'), (7, NULL, 'CANARY', '{');
  INSERT INTO members VALUES ('zeta', 'CANARY');
  INSERT INTO salaries VALUES ('CANARY', 990001), ('eve', 5);
  INSERT INTO pages VALUES ('zeta', 'CANARY words');
`,
)
const alone = fileWith('alone.db', ACME)

const MINE = { where: 'tenant = :tenant' }
const TABLES = {
  notes: MINE,
  members: { columns: ['person'], where: 'tenant = :tenant' },
  salaries: { where: 'person IN (SELECT person FROM main.members WHERE tenant = :tenant)', samples: true },
  pages: MINE,
  titles: MINE,
}
const open = (file: string, tables: unknown = TABLES) =>
  executor({ databases: [{ name: 'app', file, tables }] }, SECRET)
const [onFull, onAlone] = [open(full), open(alone)]

function outcome(run: ReturnType<typeof open>, tenant: string, more: Record<string, unknown>): string {
  try {
    return run({ caller: { tenant, id: 'agent' }, database: 'app', ...more }, SPEND).text
  } catch (thrown) {
    const { code, says } = denialOf(thrown)
    return `${code} ${says}`
  }
}
const query = (run: ReturnType<typeof open>, sql: string, tenant = 'acme') =>
  outcome(run, tenant, { op: 'query', sql, params: [], maxRows: 1000, format: 'json' })

suite('a database with row filters', () => {
  for (const sql of [
    'SELECT * FROM notes',
    'SELECT * FROM notes ORDER BY title',
    'SELECT title FROM notes LIMIT 1',
    'SELECT count(*), max(id), group_concat(title) FROM notes',
    "SELECT id FROM notes WHERE json_extract(body, '$.a') > 1",
    'SELECT id FROM notes WHERE abs(body ->> 1) >= 0',
    "SELECT id, body ->> 'a' + 9223372036854775806 FROM notes",
    'SELECT sum(id) FROM notes WHERE tenant IS NOT NULL',
    "SELECT * FROM notes WHERE tenant = 'zeta'",
    "SELECT * FROM notes WHERE 1 OR tenant = 'zeta'",
    'SELECT * FROM members',
    'SELECT m.person, s.amount FROM members m JOIN salaries s USING (person) ORDER BY 1',
    'SELECT * FROM salaries ORDER BY amount DESC',
    "SELECT text FROM pages WHERE pages MATCH 'words'",
    "SELECT * FROM pages WHERE text LIKE '%words%'",
    'SELECT * FROM titles ORDER BY 1, 2',
    'SELECT count(*) FROM titles, notes',
    'SELECT rowid FROM notes',
    'SELECT * FROM main.notes',
    'SELECT tenant FROM members',
    'WITH notes AS (SELECT * FROM notes) SELECT * FROM notes',
    'WITH main AS (SELECT 1) SELECT * FROM notes, main',
    'SELECT (SELECT count(*) FROM notes n WHERE n.title > o.title) FROM notes o',
    'SELECT id FROM notes EXCEPT SELECT id FROM notes WHERE id < 5',
  ])
    test(`answers as if there were no other tenant: ${sql}`, () => {
      const answer = query(onFull, sql)
      assert.equal(answer, query(onAlone, sql))
      assert.doesNotMatch(answer, /CANARY|990001/)
    })

  test('gives each tenant its own rows, also one after the other', () => {
    const ids = (tenant: string) =>
      (JSON.parse(query(onFull, 'SELECT id FROM notes ORDER BY id', tenant)) as { rows: number[][] }).rows.flat()
    for (let round = 0; round < 3; round += 1) {
      assert.deepEqual(ids('acme'), [1, 5, 9])
      assert.deepEqual(ids('zeta'), [2, 3])
      assert.deepEqual(ids('nobody'), [])
    }
  })
  test('serves more tenants than it keeps connections for', () => {
    for (let n = 0; n < 60; n += 1) assert.match(query(onFull, 'SELECT count(*) FROM notes', `t${n}`), /\[\[0\]\]/)
    assert.match(query(onFull, 'SELECT count(*) FROM notes'), /\[\[3\]\]/)
  })
  test('describes without counts or values of others', () => {
    for (const table of ['notes', 'members', 'salaries', 'pages', 'titles'])
      assert.equal(
        outcome(onFull, 'acme', { op: 'describe_table', table }),
        outcome(onAlone, 'acme', { op: 'describe_table', table }),
      )
    const salaries = outcome(onFull, 'acme', { op: 'describe_table', table: 'salaries' })
    assert.match(salaries, /"samples":\["ann","bob"\]/)
    assert.doesNotMatch(salaries, /row_estimate|rows_at_least|CANARY|eve/)
    for (const detail of ['summary', 'full'])
      assert.equal(
        outcome(onFull, 'acme', { op: 'list_tables', detail }),
        outcome(onAlone, 'acme', { op: 'list_tables', detail }),
      )
  })
  test('explains without names of what stands behind', () => {
    const plan = outcome(onFull, 'acme', { op: 'explain', sql: 'SELECT * FROM salaries', params: [] })
    assert.doesNotMatch(plan, /notes_tenant|person=|tenant=/)
    assert.doesNotMatch(outcome(onFull, 'acme', { op: 'explain', sql: 'SELECT * FROM notes n', params: [] }), /tenant/)
  })

  test('is refused at start when a view reads filtered rows without a filter of its own', () => {
    assert.throws(() => open(full, { notes: MINE, titles: {} }), {
      name: 'RangeError',
      message: 'View titles reads a table that has a row filter, so it needs a filter of its own',
    })
  })
  for (const where of ['tenant == ', 'no_such_column = 1', 'load_extension(title)', 'tenant = :who'])
    test(`is refused at start with the filter ${where}`, () =>
      assert.throws(() => open(full, { notes: { where } }), RangeError))
})
