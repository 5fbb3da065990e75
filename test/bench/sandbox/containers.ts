// The servers as shipped, once per runtime: the blocks of deploy/compose.yaml with another runtime, address, state and data, and nothing else.
import { chownSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { COMMAND, command, serveOverHttp } from '@hardened-mcp/testkit/command'
import Database from 'better-sqlite3'
import { parse, stringify } from 'yaml'
import { SITE } from '../../demo/site.ts'
import { docker, must, ROOT, STATE } from '../../sandbox/machine.ts'
import { stdioLine } from '../../sandbox/stage.ts'

export const SERVERS = ['db-query', 'file', 'fetch'] as const
export type Server = (typeof SERVERS)[number]

const BENCH = join(dirname(STATE), 'bench')
const COMPOSE = join(BENCH, 'compose.yaml')
const ENV = {
  MCP_COMPOSE: COMPOSE,
  MCP_PROJECT: 'hardened-mcp-bench',
  MCP_STATE: BENCH,
  MCP_TAG: process.env['MCP_TAG'] ?? 'local',
  MCP_SECCOMP: join(ROOT, 'seccomp'),
}
const SERVER_UID = 65_532
const NET = '172.30.20' // beside the networks of a deployment
const PORT = 8080
/** This machine's address on the network of the containers. */
export const HERE = `${NET}.1`
export const SITE_PORT = 18_444

type Service = Record<string, unknown> & {
  depends_on?: string[]
  command: string[]
  volumes: { source: string; target: string }[]
}
type Compose = { services: Record<string, Service>; networks: Record<string, unknown> }

/** A row of `facts` has an id, a text and a number; a file `SIZE.txt` has so many bytes; `many` holds 100 files. `ca`: of the site. */
export function prepareData(ca: string): void {
  rmSync(BENCH, { recursive: true, force: true })
  for (const folder of ['data/db', 'data/files/many', 'ca'])
    mkdirSync(join(BENCH, folder), { recursive: true, mode: 0o755 })
  const db = new Database(join(BENCH, 'data/db/facts.sqlite'))
  db.exec(`CREATE TABLE facts(id INTEGER PRIMARY KEY, kind TEXT, amount REAL);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
    INSERT INTO facts SELECT i, 'kind ' || (i % 7), (i * 37 % 1000) / 10.0 FROM n`)
  db.close()
  copyFileSync(join(BENCH, 'data/db/facts.sqlite'), join(BENCH, 'data/db/fixed.sqlite'))
  const line = `${'x'.repeat(63)}\n`
  for (const lines of [16, 1_600])
    writeFileSync(join(BENCH, `data/files/${lines * line.length}.txt`), line.repeat(lines))
  for (let n = 0; n < 100; n += 1) writeFileSync(join(BENCH, `data/files/many/note-${n}.md`), line)
  mkdirSync(join(BENCH, 'host-labels'), { mode: 0o700 })
  writeFileSync(join(BENCH, 'ca/site.pem'), ca, { mode: 0o644 })
  const onHost = policy(join(BENCH, 'data/db'), join(BENCH, 'data/files'), join(BENCH, 'ca/site.pem'))
  writeFileSync(join(BENCH, 'host.yaml'), onHost, { mode: 0o644 })
  writeFileSync(join(BENCH, 'policy.yaml'), policy('/data', '/files', '/etc/hardened-mcp/ca/site.pem'), { mode: 0o644 })
}

// Limits of rate and work are not what is measured.
const policy = (db: string, files: string, ca: string) => `version: 1
servers:
  db-query:
    allowed_tools: [query_sql]
    permissions: ['tool:read_only', 'resource:local']
    rate_limits: { '*': { per_minute: 1000000, burst: 100000 } }
    resources: { work_seconds_per_minute: 3600, databases: [{ name: facts, file: ${db}/facts.sqlite, tables: '*' }, { name: fixed, file: ${db}/fixed.sqlite, tables: '*', unchanging: true }] }
  file:
    allowed_tools: [read_text_file, list_directory]
    permissions: ['tool:read_only', 'resource:local', 'sys:file_read']
    rate_limits: { '*': { per_minute: 1000000, burst: 100000 } }
    resources: { roots: [{ name: docs, path: ${files} }] }
  fetch:
    allowed_tools: [fetch_url]
    permissions: ['tool:read_only', 'tool:network', 'resource:remote']
    rate_limits: { '*': { per_minute: 1000000, burst: 100000 } }
    resources: { internal: [{ host: ${SITE}, cidr: ${HERE}/32, port: ${SITE_PORT}, ca_file: ${ca} }], per_host: { at_once: 16 }, robots: ignore }
`

/** A key for each server: what is read from one carries no label to the next, as it would with the same key. */
export async function mintKeys(): Promise<Readonly<Record<Server, string>>> {
  const keys = join(BENCH, 'keys/keys.json')
  const minted: [Server, string][] = []
  for (const server of SERVERS) {
    const { stdout } = await command(['keys', 'mint', '--keys', keys, '--name', `bench-${server}`, '--ttl', '1d'])
    minted.push([server, (JSON.parse(stdout) as { key: string }).key])
  }
  copyFileSync(keys, join(BENCH, 'host-keys.json')) // each server reads a file of its own user
  for (const path of [dirname(keys), keys]) chownSync(path, SERVER_UID, SERVER_UID)
  return Object.fromEntries(minted) as Record<Server, string>
}

export const nameOf = (server: Server, runtime: string) => `hardened-mcp-bench-${server}-${runtime}`
export const auditOf = (server: Server, place: string) => join(BENCH, 'audit', `${server}-${place}`)

/** A folder that only the servers' user may enter. */
function owned(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chownSync(folder, SERVER_UID, SERVER_UID)
}

/** Makes the containers, and starts none. Returns the address of each by its name. */
export async function createContainers(runtimes: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const shipped = parse(readFileSync(join(ROOT, 'deploy/compose.yaml'), 'utf8'), { merge: true }) as Compose
  const urls = new Map<string, string>()
  const services: Record<string, Service> = {}
  for (const folder of ['labels', 'approvals', 'approvals/requests', 'approvals/verdicts']) owned(join(BENCH, folder))
  for (const server of SERVERS)
    for (const runtime of runtimes) {
      const address = `${NET}.${10 + urls.size}`
      const audit = auditOf(server, runtime)
      owned(audit)
      services[`${server}-${runtime}`] = moved(shipped.services[server] as Service, { server, runtime, address, audit })
      urls.set(nameOf(server, runtime), `http://${address}:${PORT}/mcp`)
    }
  const network = {
    internal: true,
    driver_opts: { 'com.docker.network.bridge.name': 'mcp-bench0' },
    ipam: { config: [{ subnet: `${NET}.0/24` }] },
  }
  writeFileSync(COMPOSE, stringify({ services, networks: { 'mcp-bench': network } }, { version: '1.1' }))
  await compose('up', '--no-start')
  return urls
}

export const removeContainers = () => compose('down', '-t', '12')

const compose = (...words: readonly string[]) => must(join(ROOT, 'deploy/compose'), words, { env: ENV })

type Place = Readonly<{ server: Server; runtime: string; address: string; audit: string }>

function moved(shipped: Service, { server, runtime, address, audit }: Place): Service {
  const value = (flag: string) => shipped.command[shipped.command.indexOf(flag) + 1] as string
  const given = new Map([
    [value('--http'), `${address}:${PORT}`],
    [value('--trusted-proxy'), `${NET}.1/32`],
    [value('--allowed-host'), `${address}:${PORT}`],
  ])
  const { depends_on: _, ...alone } = shipped // fetch dials the site itself, past the proxy
  return {
    ...alone,
    runtime,
    container_name: nameOf(server, runtime),
    command: shipped.command.map((word) => given.get(word) ?? word),
    volumes: shipped.volumes.map((volume) => (volume.target === '/audit' ? { ...volume, source: audit } : volume)),
    networks: { 'mcp-bench': { ipv4_address: address } },
  }
}

/** The same server as a process of this machine, under Node's permission model. */
export const startOnHost = (server: Server) =>
  serveOverHttp([
    ...[server, '--policy', join(BENCH, 'host.yaml'), '--audit', auditOf(server, 'host')],
    ...['--http', '127.0.0.1:0', '--keys', join(BENCH, 'host-keys.json'), '--taint', join(BENCH, 'host-labels')],
  ])

/** A server as deploy/README.md starts it for a client that speaks stdio. */
export function overStdio(server: Server, place: string): readonly [string, ...string[]] {
  const audit = `${auditOf(server, place)}-stdio`
  if (place === 'host')
    return [process.execPath, COMMAND, 'serve', server, '--policy', join(BENCH, 'host.yaml'), '--audit', audit]
  owned(audit)
  const places = { POLICY: join(BENCH, 'policy.yaml'), DATA: join(BENCH, server === 'file' ? 'data/files' : 'data/db'), AUDIT: audit } // biome-ignore format: one table
  const [docker, ...words] = stdioLine(server, place)
  const filled = words.map((word) =>
    word.replace(/^[A-Z]+(?=:)/, (name) => places[name as keyof typeof places] ?? name),
  )
  return [docker, ...filled.flatMap((word) => (word === '--rm' ? [word, '--name', `${nameOf(server, place)}-stdio`] : [word]))] // biome-ignore format: one list
}

/**
 * Tells the CPU milliseconds of a running container so far, with everything that works for it: under gVisor its kernel and its
 * file server too.
 */
export async function cpuOfContainer(name: string): Promise<() => number> {
  const pid = await docker('inspect', '-f', '{{.State.Pid}}', name)
  const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n').map((line) => line.split(':')) // biome-ignore format: one chain
  const v1 = groups.find(([, controllers]) => controllers?.split(',').includes('cpuacct'))
  if (v1 !== undefined) return () => Number(readFileSync(`/sys/fs/cgroup/cpuacct${v1[2]}/cpuacct.usage`, 'utf8')) / 1e6
  const stat = `/sys/fs/cgroup${groups[0]?.[2] ?? ''}/cpu.stat`
  return () => Number(/usage_usec (\d+)/.exec(readFileSync(stat, 'utf8'))?.[1]) / 1e3
}
