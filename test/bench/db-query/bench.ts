// Measures db-query end to end against the yardstick of bare.ts: 1, 100 and 10 000 rows and an aggregate over a million, stdio and HTTP.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command, serveOverHttp } from '@hardened-mcp/testkit/command'
import { connect, serving, type TestClient } from '@hardened-mcp/testkit/clients'
import Database from 'better-sqlite3'
import { cpuMs, header, line, pair } from '../bench-kit.ts'

const ROWS = 1_000_000
const CASES = [
  { name: '1 row by key', sql: 'SELECT * FROM facts WHERE id = ?', params: [4711], total: 400 },
  { name: '100 rows', sql: 'SELECT id, kind, amount FROM facts WHERE id > ? LIMIT 100', params: [4711], total: 200 },
  { name: '10 000 rows in pages', sql: 'SELECT id FROM facts WHERE id <= ?', params: [10_000], total: 3, paged: true },
  {
    name: 'aggregate over 1 M rows',
    sql: 'SELECT kind, count(*), sum(amount) FROM facts GROUP BY kind',
    params: [],
    total: 4,
  },
] as const

const dir = mkdtempSync(join(tmpdir(), 'bench-'))
const file = join(dir, 'facts.db')
const db = new Database(file)
db.exec(`
  CREATE TABLE facts(id INTEGER PRIMARY KEY, kind TEXT, amount REAL);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
  INSERT INTO facts SELECT i, 'kind ' || (i % 7), (i * 37 % 1000) / 10.0 FROM n;`)
db.close()

// Limits of rate and rows are not what is measured.
const policy = join(dir, 'policy.yaml')
writeFileSync(
  policy,
  `version: 1
servers:
  db-query:
    allowed_tools: [query_sql]
    permissions: ['tool:read_only', 'resource:local']
    rate_limits: { '*': { per_minute: 1000000, burst: 100000 } }
    resources: { work_seconds_per_minute: 3600, databases: [{ name: facts, file: ${JSON.stringify(file)}, tables: '*' }] }
`,
)

type Side = Readonly<{ client: TestClient; pid: number; end: () => Promise<unknown> }>

async function overStdio(): Promise<readonly [Side, Side]> {
  const ours = await connect('v1', serving('db-query', '--policy', policy, '--audit', join(dir, 'audit-stdio')))
  const theirs = await connect('v1', { node: [join(import.meta.dirname, 'bare.ts'), file] })
  const side = (client: TestClient): Side => ({ client, pid: client.pid() ?? 0, end: client.close })
  return [side(ours), side(theirs)]
}

async function overHttp(): Promise<readonly [Side, Side]> {
  const keys = join(dir, 'keys.json')
  const minted = await command(['keys', 'mint', '--keys', keys, '--name', 'bench', '--ttl', '1d'])
  const { key } = JSON.parse(minted.stdout) as { key: string }
  const server = await serveOverHttp([
    ...['db-query', '--policy', policy, '--audit', join(dir, 'audit-http')],
    ...['--http', '127.0.0.1:0', '--keys', keys],
  ])
  const bare = spawn(process.execPath, [join(import.meta.dirname, 'bare.ts'), file, 'http'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(bare.stdout, 'data')) as [Buffer]
  const ours = await connect('v1', { url: server.url, key })
  const theirs = await connect('v1', { url: String(line).trim(), key: 'none' })
  return [
    { client: ours, pid: server.pid, end: () => ours.close().then(() => server.stop()) },
    { client: theirs, pid: bare.pid ?? 0, end: () => theirs.close().then(() => ended(bare)) },
  ]
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill()
  await gone
}

async function ask(client: TestClient, args: Record<string, unknown>): Promise<{ truncated?: { next?: string } }> {
  const { isError, structuredContent } = await client.call('query_sql', args)
  if (isError === true) throw new Error(JSON.stringify(structuredContent))
  return structuredContent
}

/** One call, or as many as it takes to see every row. */
async function whole(
  client: TestClient,
  { sql, params }: { sql: string; params: readonly unknown[] },
  paged: boolean,
): Promise<void> {
  const args = { sql, params: [...params], ...(paged ? { max_rows: 1000 } : {}) }
  let { truncated } = await ask(client, args)
  while (paged && truncated?.next !== undefined)
    ({ truncated } = await ask(client, { ...args, cursor: truncated.next }))
}

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 2)
try {
  process.stdout.write(`${header}\n`)
  for (const [transport, open] of [
    ['stdio', overStdio],
    ['HTTP', overHttp],
  ] as const) {
    const [ours, theirs] = await open()
    for (const each of CASES)
      for (const inFlight of [1, 16]) {
        const paged = 'paged' in each
        const total = Math.max(each.total, inFlight)
        const before = cpuMs(ours.pid)
        const result = await pair(
          () => whole(ours.client, each, paged),
          () => whole(theirs.client, each, false),
          { total, inFlight, rounds },
        )
        const calls = rounds * (total + Math.ceil(total / 10))
        process.stdout.write(
          `${line(`${each.name}, ${transport}, ${inFlight} in flight`, result, (cpuMs(ours.pid) - before) / calls)}\n`,
        )
      }
    await ours.end()
    await theirs.end()
  }
} finally {
  rmSync(dir, { recursive: true })
}
