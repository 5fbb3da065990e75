// Two tenants on the three real servers over HTTP: each has a database, a folder and a host of its own, and rows in a common table.
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command, type RunningServer, serveOverHttp } from '@hardened-mcp/testkit/command'
import Database from 'better-sqlite3'
import { ask } from '../identity/ask.ts'

export const TENANTS = ['acme', 'globex'] as const
export type TenantName = (typeof TENANTS)[number]
const FILE_TOOLS = [
  ...['read_text_file', 'list_directory', 'directory_tree', 'search_files', 'search_content', 'get_file_info'],
  ...['list_allowed_directories', 'write_file', 'edit_file', 'create_directory', 'move_file', 'delete_file'],
]
export const SECRET = 'the-secret-of-globex'

export type Ground = Readonly<{
  dir: string
  keys: Readonly<Record<TenantName, Readonly<{ key: string; id: string }>>>
  keysFile: string
  urls: Readonly<Record<string, string>>
  pids: Readonly<Record<string, number>>
  /** One JSON-RPC message as a tenant's agent; `headers` are sent beside. */
  send(server: string, as: TenantName, message: object): Promise<Readonly<{ status: number; body: string }>>
  call(server: string, as: TenantName, tool: string, args: object): Promise<Readonly<{ status: number; body: string }>>
  /** The audit records of a server. */
  records(server: string): readonly Readonly<Record<string, unknown>>[]
  close(): Promise<void>
}>

/** `more` stands in every server's part of the policy. */
export async function ground(
  more: Readonly<Record<string, unknown>> = {},
  flags: readonly string[] = [],
): Promise<Ground> {
  const dir = mkdtempSync(join(tmpdir(), 'tenants-'))
  for (const tenant of TENANTS) {
    mkdirSync(join(dir, tenant))
    writeFileSync(join(dir, tenant, 'note.txt'), `note of ${tenant}\n`)
    writeFileSync(join(dir, tenant, 'secret.txt'), `the-secret-of-${tenant}\n`)
    const own = new Database(join(dir, `${tenant}.sqlite`))
    own.exec(
      `CREATE TABLE papers (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO papers VALUES (1, 'the-secret-of-${tenant}')`,
    )
    own.close()
  }
  symlinkSync('../globex/secret.txt', join(dir, 'acme', 'to-globex'))
  symlinkSync('../nosuch/secret.txt', join(dir, 'acme', 'to-nosuch'))
  writeFileSync(join(dir, 'globex', 'linked.txt'), `linked of globex\n`)
  linkSync(join(dir, 'globex', 'linked.txt'), join(dir, 'acme', 'hard-globex'))
  writeFileSync(join(dir, 'stranger.txt'), 'nobody')
  linkSync(join(dir, 'stranger.txt'), join(dir, 'acme', 'hard-nosuch'))
  const common = new Database(join(dir, 'common.sqlite'))
  common.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, text TEXT NOT NULL)')
  const insert = common.prepare('INSERT INTO orders VALUES (?, ?, ?)')
  for (let id = 1; id <= 200; id++) insert.run(id, TENANTS[id % 2], `order ${id} of ${TENANTS[id % 2]}`)
  common.close()
  const bounds = { ...more, rate_limits: { '*': { per_minute: 1_000_000, burst: 100_000 } } }
  const policy = join(dir, 'policy.json')
  const databases = [
    ...TENANTS.map((name) => ({ name, file: join(dir, `${name}.sqlite`), tenants: [name], tables: { papers: {} } })),
    {
      name: 'common',
      file: join(dir, 'common.sqlite'),
      tables: { orders: { columns: ['id', 'owner', 'text'], where: 'owner = :tenant' } },
    },
  ]
  const roots = TENANTS.map((name) => ({
    name,
    path: join(dir, name),
    tenants: [name],
    writable: true,
    write_extensions: ['.txt'],
  }))
  const servers = {
    'db-query': {
      allowed_tools: ['query_sql', 'list_tables', 'describe_table', 'explain_query'],
      ...{
        permissions: ['tool:read_only', 'resource:local'],
        ...bounds,
        resources: { databases, work_seconds_per_minute: 600 },
      },
    },
    file: {
      allowed_tools: FILE_TOOLS,
      permissions: ['tool:read_only', 'tool:write', 'resource:local', 'sys:file_read', 'sys:file_write'],
      ...{ ...bounds, resources: { roots } },
    },
    fetch: {
      ...{
        allowed_tools: ['fetch_url'],
        permissions: ['tool:read_only', 'tool:network', 'resource:remote'],
        ...bounds,
      },
      resources: { allow: TENANTS.map((name) => ({ host: `${name}.example.com`, tenants: [name], paths: ['/'] })) },
    },
  }
  writeFileSync(policy, JSON.stringify({ version: 1, servers }))
  const keysFile = join(dir, 'keys.json')
  const keys = {} as Record<TenantName, { key: string; id: string }>
  for (const tenant of TENANTS) {
    const can = [
      'tool:read_only',
      'tool:write',
      'tool:network',
      'resource:local',
      'resource:remote',
      'sys:file_read',
      'sys:file_write',
    ]
    const granted = can.flatMap((each) => ['--can', each])
    const minted = await command(['keys', 'mint', '--keys', keysFile, '--name', tenant, '--tenant', tenant, ...granted])
    keys[tenant] = JSON.parse(minted.stdout) as { key: string; id: string }
  }
  const started: Record<string, RunningServer> = {}
  const starts = await Promise.allSettled(
    Object.keys(servers).map(async (name) => {
      const own = [
        ...flags,
        '--policy',
        policy,
        '--keys',
        keysFile,
        '--audit',
        join(dir, 'audit', name),
        '--http',
        '127.0.0.1:0',
      ]
      started[name] = await serveOverHttp([name, ...own])
    }),
  )
  const failed = starts.find((start) => start.status === 'rejected')
  if (failed !== undefined) {
    await Promise.all(Object.values(started).map((server) => server.stop())) // none is left behind
    throw failed.reason
  }
  const urls = Object.fromEntries(Object.entries(started).map(([name, { url }]) => [name, url]))
  const pids = Object.fromEntries(Object.entries(started).map(([name, { pid }]) => [name, pid]))
  const send: Ground['send'] = (server, as, message) =>
    ask({ url: urls[server] ?? '' }, { authorization: `Bearer ${keys[as].key}` }, message)
  return {
    ...{ dir, keys, keysFile, urls, pids, send },
    call: (server, as, name, args) =>
      send(server, as, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
    records: (server) =>
      readFileSync(join(dir, 'audit', server, 'slot-0.jsonl'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    async close() {
      await Promise.all(Object.values(started).map((server) => server.stop()))
      rmSync(dir, { recursive: true })
    },
  }
}
