// What the sandbox costs: the same calls on the host, under runc and under gVisor, in turns and in one run. Root; sets up as test/sandbox does.
import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { connect } from '@hardened-mcp/testkit/clients'
import { documentOf } from '../../../servers/fetch/testing/document-of.ts'
import { SITE, type Site, serveSite } from '../../demo/site.ts'
import { docker, prepare } from '../../sandbox/machine.ts'
import { cpuOfTree, inTurns, type Series, type Side } from '../bench-kit.ts'
import { type Caller, caller } from './caller.ts'
import {
  cpuOfContainer,
  createContainers,
  HERE,
  mintKeys,
  nameOf,
  overStdio,
  prepareData,
  removeContainers,
  SERVERS,
  type Server,
  SITE_PORT,
  startOnHost,
} from './containers.ts'
import { allowedCalls, images } from './static-figures.ts'

const RUNTIMES = (process.env['BENCH_RUNTIMES'] ?? 'runc runsc').split(' ')
const PLACES = ['host', ...RUNTIMES]
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3)
const TOTAL = Number(process.env['BENCH_CALLS'] ?? 200)
const IDLE_MS = Number(process.env['BENCH_IDLE_MS'] ?? 30_000)
const STARTS = 3
const START_LIMIT_MS = 60_000

type Case = Readonly<{ name: string; server: Server; call: (on: Caller) => Promise<string> }>
const query = (sql: string, database: string) => (on: Caller) => on.tool('query_sql', { sql, database, params: [4711] })
const read = (path: string) => (on: Caller) => on.tool('read_text_file', { path })
const PAGE_BYTES = 10_000
const BY_KEY = 'SELECT * FROM facts WHERE id = ?'
const CASES: readonly Case[] = [
  { name: 'ping', server: 'db-query', call: (on) => on.ping() },
  { name: '1 row by key', server: 'db-query', call: query(BY_KEY, 'facts') },
  { name: '1 row, unchanging', server: 'db-query', call: query(BY_KEY, 'fixed') },
  { name: '100 rows', server: 'db-query', call: query('SELECT * FROM facts WHERE id > ? LIMIT 100', 'facts') },
  { name: 'read 1 KB', server: 'file', call: read('1024.txt') },
  { name: 'read 100 KB', server: 'file', call: read('102400.txt') },
  { name: 'list 100 files', server: 'file', call: (on) => on.tool('list_directory', { path: 'many' }) },
  {
    name: 'fetch 10 KB',
    server: 'fetch',
    call: (on) => on.tool('fetch_url', { url: `https://${SITE}:${SITE_PORT}/` }),
  },
]

const shown = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(0))
const say = (line: string) => process.stdout.write(`${line}\n`)
const row = (...cells: readonly (string | number)[]) =>
  say(`| ${cells.map((cell) => (typeof cell === 'number' ? shown(cell) : cell)).join(' | ')} |`)
function head(...cells: readonly string[]): void {
  say('')
  row(...cells)
  say(`| --- |${' ---: |'.repeat(cells.length - 1)}`)
}
const ratios = RUNTIMES.map((runtime, index) => `${runtime} ÷ ${PLACES[index === 0 ? 0 : 1]}`)
const series = (what: string) => head(what, ...PLACES.map((place) => `${place} calls/s`), ...ratios, ...PLACES.map((place) => `${place} p50 ms`), ...PLACES.map((place) => `${place} CPU ms`)) // biome-ignore format: one head
function line(name: string, all: readonly Series[]): void {
  const rates = all.map(({ perSecond }) => perSecond)
  const against = RUNTIMES.map(
    (_, index) => (rates[index + 1] ?? Number.NaN) / (rates[index === 0 ? 0 : 1] ?? Number.NaN),
  )
  row(name, ...rates, ...against, ...all.map(({ p50Ms }) => p50Ms), ...all.map(({ cpuMs }) => cpuMs))
}

async function counted(): Promise<void> {
  head('image', 'MiB', 'files', 'of them ours')
  for (const { name, mib, files, ownFiles } of await images()) row(name, mib, String(files), String(ownFiles))
  head('system calls of x86-64', 'allowed')
  for (const [profile, count] of Object.entries(await allowedCalls())) row(profile, String(count))
}

/** Starts one server and returns the milliseconds from the order to the first answer of a tool, and how to end it. */
async function firstAnswer(server: Server, place: string, key: string, url: string) {
  const first = CASES.find((each) => each.server === server && each.name !== 'ping') as Case
  const from = performance.now()
  const host = place === 'host' ? await startOnHost(server) : undefined
  if (host === undefined) await docker('start', nameOf(server, place))
  const on = caller(host?.url ?? url, key)
  for (let fault: unknown; ; await delay(5)) {
    fault = await first.call(on).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (fault === undefined) break
    if (performance.now() - from > START_LIMIT_MS) throw fault
  }
  const ms = performance.now() - from
  on.close()
  await (host?.stop() ?? docker('stop', '-t', '12', nameOf(server, place)))
  return ms
}

async function starts(keys: Keys, urls: ReadonlyMap<string, string>): Promise<void> {
  head('start to first answer, ms (best of 3)', ...PLACES)
  for (const server of SERVERS) {
    const times = PLACES.map(() => [] as number[])
    for (let n = 0; n < STARTS; n += 1)
      for (const [index, place] of PLACES.entries())
        times[index]?.push(await firstAnswer(server, place, keys[server], urls.get(nameOf(server, place)) ?? ''))
    row(server, ...times.map((each) => Math.min(...each)))
  }
}

async function http(server: Server, key: string, urls: ReadonlyMap<string, string>): Promise<void> {
  const host = await startOnHost(server)
  const sides: (Omit<Side, 'call'> & { on: Caller })[] = [
    { name: 'host', on: caller(host.url, key), cpu: cpuOfTree(host.pid) },
  ]
  for (const name of RUNTIMES) {
    const container = nameOf(server, name)
    sides.push({ name, on: caller(urls.get(container) ?? '', key), cpu: await cpuOfContainer(container) })
  }
  for (const each of CASES.filter((one) => one.server === server))
    for (const inFlight of [1, 16]) {
      const calling = sides.map(({ name, cpu, on }) => ({ name, cpu, call: () => each.call(on) }))
      line(`${each.name}, ${inFlight}`, await inTurns(calling, { total: TOTAL, inFlight, rounds: ROUNDS }))
    }
  for (const { on } of sides) on.close()
  await host.stop()
}

async function stdio(): Promise<void> {
  const sides: Side[] = []
  const ends: (() => Promise<void>)[] = []
  for (const name of PLACES) {
    const client = await connect('v1', { command: overStdio('db-query', name) })
    const cpu =
      name === 'host' ? cpuOfTree(client.pid() ?? 0) : await cpuOfContainer(`${nameOf('db-query', name)}-stdio`)
    sides.push({ name, cpu, call: () => client.call('query_sql', { sql: BY_KEY, database: 'facts', params: [4711] }) })
    ends.push(client.close)
  }
  line('1 row by key, stdio, 1', await inTurns(sides, { total: TOTAL, inFlight: 1, rounds: ROUNDS }))
  for (const end of ends) await end()
}

async function idle(): Promise<void> {
  head(`CPU ms while idle for ${IDLE_MS / 1000} s`, ...RUNTIMES)
  const looks = await Promise.all(
    SERVERS.map((server) => Promise.all(RUNTIMES.map((runtime) => cpuOfContainer(nameOf(server, runtime))))),
  )
  const before = looks.map((each) => each.map((cpu) => cpu()))
  await delay(IDLE_MS)
  for (const [n, server] of SERVERS.entries())
    row(server, ...(looks[n] ?? []).map((cpu, index) => cpu() - (before[n]?.[index] ?? Number.NaN)))
}

type Keys = Readonly<Record<Server, string>>
const load = () => say(`\nload ${loadavg().map(shown).join(' ')}`)

await prepare()
const authority = await certificateAuthority('bench site CA')
prepareData(authority.ca)
const keys = await mintKeys()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    const end = () => process.exit(1)
    removeContainers().then(end, end)
  })
const urls = await createContainers(RUNTIMES)
let site: Site | undefined
try {
  site = await serveSite(await authority.issue([SITE]), HERE, SITE_PORT, { '/': documentOf(PAGE_BYTES) })
  say(`Best of ${ROUNDS} rounds of ${TOTAL} calls in turns. HTTP goes from the host to the container's own address, past the gateway; containers have the limits of the compose file, one CPU among them.`) // biome-ignore format: one line
  load()
  await counted()
  await starts(keys, urls)
  for (const name of urls.keys()) await docker('start', name)
  await delay(5_000)
  series('case, in flight')
  for (const server of SERVERS) await http(server, keys[server], urls)
  await stdio()
  await idle()
  load()
} finally {
  site?.close()
  await removeContainers()
}
