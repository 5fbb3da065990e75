// Several callers of one shipped db-query over HTTP, each trying what belongs to another: databases by role, rows by tenant, cursors, resources, named queries.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect, type Outcome, type TestClient } from '@hardened-mcp/testkit/clients'
import { command, type RunningServer, serveOverHttp } from '@hardened-mcp/testkit/command'
import Database from 'better-sqlite3'

const dir = mkdtempSync(join(tmpdir(), 'db-callers-'))
const keys = join(dir, 'keys.json')
const opened: TestClient[] = []
let server: RunningServer
/** Of the tenant acme: by a role of the key, by a role of the subject, and with neither. Of globex: by a role of the key. */
let byKey: TestClient, bySubject: TestClient, plain: TestClient, globex: TestClient

async function mint(name: string, tenant: string, ...roles: string[]): Promise<{ key: string; id: string }> {
  const args = ['keys', 'mint', '--keys', keys, '--name', name, '--tenant', tenant, '--ttl', '1d']
  const { stdout, stderr } = await command([...args, ...roles.flatMap((role) => ['--role', role])])
  assert.ok(stdout !== '', stderr)
  return JSON.parse(stdout) as { key: string; id: string }
}

before(async () => {
  const file = join(dir, 'shop.sqlite')
  const db = new Database(file)
  db.exec(`CREATE TABLE notes(id INTEGER PRIMARY KEY, tenant TEXT, body TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
    INSERT INTO notes SELECT i, CASE i % 2 WHEN 0 THEN 'acme' ELSE 'globex' END, CASE i % 2 WHEN 0 THEN 'acme ' ELSE 'globex ' END || i FROM n;
    CREATE TABLE books(id INTEGER PRIMARY KEY, title TEXT); INSERT INTO books VALUES (1, 'CANARY of the auditors')`)
  db.close()
  const minted = [
    await mint('by-key', 'acme', 'auditor', 'reader'),
    await mint('by-subject', 'acme', 'reader'),
    await mint('plain', 'acme', 'reader'),
    await mint('globex', 'globex', 'auditor', 'reader'),
  ]
  const grant = {
    allowed_tools: ['query_sql', 'list_tables', 'describe_table', 'notes_by_id'],
    permissions: ['tool:read_only', 'resource:local'],
  }
  const notes = { columns: ['id', 'body'], where: 'tenant = :tenant' }
  const resources = {
    databases: [
      { name: 'shop', file, tables: { notes } },
      { name: 'audit', file, tables: { books: {} }, roles: ['auditor'], tenants: ['acme'], functions: ['count'] },
    ],
    queries: [
      {
        name: 'notes_by_id',
        description: 'Notes up to an id',
        database: 'shop',
        sql: 'SELECT body FROM notes WHERE id <= :most ORDER BY id',
        params: { most: { type: 'integer', min: 1, max: 1000 } },
      },
    ],
  }
  const policy = {
    version: 2,
    servers: { 'db-query': { ...grant, rate_limits: { '*': { per_minute: 6000, burst: 1000 } }, resources } },
    roles: { reader: { servers: { 'db-query': grant } }, auditor: { servers: {} } },
    tenants: { acme: { servers: { 'db-query': grant } }, globex: { servers: { 'db-query': grant } } },
    subjects: [{ id: minted[1]?.id, tenant: 'acme', roles: ['auditor'] }],
  }
  writeFileSync(join(dir, 'policy.yaml'), JSON.stringify(policy))
  server = await serveOverHttp([
    ...['db-query', '--policy', join(dir, 'policy.yaml'), '--audit', join(dir, 'audit')],
    ...['--http', '127.0.0.1:0', '--keys', keys],
  ])
  for (const { key } of minted) opened.push(await connect('v1', { url: server.url, key }))
  ;[byKey, bySubject, plain, globex] = opened as [TestClient, TestClient, TestClient, TestClient]
})
after(async () => {
  for (const client of opened) await client.close()
  await server.stop()
  rmSync(dir, { recursive: true })
})

const errorOf = ({ structuredContent }: Outcome) =>
  structuredContent['error'] as { code: string; message: string } | undefined
const rowsOf = ({ structuredContent }: Outcome) => structuredContent['rows'] as unknown[][]
const shop = (client: TestClient, sql: string, more: object = {}) =>
  client.call('query_sql', { sql, database: 'shop', ...more })
const audit = (client: TestClient, sql: string) => client.call('query_sql', { sql, database: 'audit' })

suite('a database of a role', () => {
  test('is there for a role of the key and for one of the subject, and for nobody else', async () => {
    for (const client of [byKey, bySubject])
      assert.deepEqual(rowsOf(await audit(client, 'SELECT count(*) FROM books')), [[1]])
    const missing = errorOf(await shop(plain, 'SELECT 1', { database: 'nothing' }))
    for (const client of [plain, globex]) {
      const outcome = await audit(client, 'SELECT title FROM books')
      assert.deepEqual(errorOf(outcome), missing, 'the same as for a missing one')
      assert.doesNotMatch(JSON.stringify(outcome), /CANARY/)
    }
  })
  test('is listed to them alone, as a resource and among the tables', async () => {
    const seen = async (client: TestClient) => [
      (await client.resources()).uris,
      ((await client.call('list_tables')).structuredContent['tables'] as { name: string }[]).map(({ name }) => name),
    ]
    for (const client of [byKey, bySubject])
      assert.deepEqual(await seen(client), [
        ['db://shop/schema', 'db://audit/schema'],
        ['notes', 'books'],
      ])
    for (const client of [plain, globex]) {
      assert.deepEqual(await seen(client), [['db://shop/schema'], ['notes']])
      await assert.rejects(client.read('db://audit/schema'))
      await assert.rejects(client.read('db://audit/schema/books'))
      assert.doesNotMatch(JSON.stringify(await client.tools()), /audit|books/)
    }
  })
  test('answers with the functions that its grant names', async () => {
    assert.equal(
      errorOf(await audit(byKey, 'SELECT upper(title) FROM books'))?.message,
      'No function of that name is available',
    )
    assert.equal(errorOf(await shop(byKey, 'SELECT upper(body) FROM notes')), undefined)
  })
})

suite('rows of a tenant', () => {
  for (const sql of [
    'SELECT body FROM notes',
    'SELECT n.* FROM notes n JOIN notes m USING (id)',
    'SELECT max(body) FROM notes',
  ])
    test(`are its own: ${sql}`, async () => {
      assert.doesNotMatch(JSON.stringify(rowsOf(await shop(plain, sql))), /globex/)
      assert.doesNotMatch(JSON.stringify(rowsOf(await shop(globex, sql))), /acme/)
    })
  test('are the rows of a named query too, whose parameters are typed', async () => {
    assert.deepEqual(rowsOf(await plain.call('notes_by_id', { most: 4 })), [['acme 2'], ['acme 4']])
    assert.deepEqual(rowsOf(await globex.call('notes_by_id', { most: 4 })), [['globex 1'], ['globex 3']])
    for (const most of ['4', '1 OR 1=1', 0, 1001, 1.5, null, { int: '4' }])
      assert.equal(errorOf(await plain.call('notes_by_id', { most }))?.code, 'invalid_input', JSON.stringify(most))
  })
})

suite('a cursor', () => {
  const sql = 'SELECT id FROM notes ORDER BY id'
  const page = (client: TestClient, more: object = {}) => shop(client, sql, { max_rows: 5, ...more })
  const nextOf = ({ structuredContent }: Outcome) =>
    (structuredContent['truncated'] as { next?: string } | undefined)?.next ?? ''

  test('goes on for the caller it was given to, and for no other of the same or of another tenant', async () => {
    const cursor = nextOf(await page(plain))
    assert.deepEqual(rowsOf(await page(plain, { cursor }))[0], [12])
    for (const client of [byKey, bySubject, globex])
      assert.equal(errorOf(await page(client, { cursor }))?.code, 'invalid_input')
    for (const other of [
      { sql: `${sql} DESC` },
      { sql: `${sql} ` },
      { params: {} },
      { cursor: cursor.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A')) },
    ])
      assert.equal(errorOf(await page(plain, { cursor, ...other }))?.code, 'invalid_input', JSON.stringify(other))
  })
})
