// Runs inside a fresh network namespace (as root of it): public addresses on a private wire, so that the real address rules are in force.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { egressProxy } from '../../../packages/host/src/outbound/egress-proxy.ts'
import { hostJudge } from '../policy.ts'
import { dialledFrom } from './dialled.ts'
import { haveStrace, type WorkerProcess, workerProcess } from './worker-process.ts'

export const SITE_V4 = '93.184.216.34'
export const SITE_V6 = '2606:2800:220:1::34'
export const NAMES_V4 = '93.184.216.53'
const WORKER_V4 = '93.184.216.2' // the worker's own address is a public one: it must refuse itself
const WORKER_V6 = '2606:2800:220:1::2'
const INSIDE = ['10.0.0.5', '169.254.169.254', '192.168.1.1', '100.100.100.200', '168.63.129.16'] as const
const PORT = 443
const PROXY_PORT = 3128
export const PROXY = `127.0.0.1:${PROXY_PORT}`

/** What the scenario prints as one line of JSON. */
export type Report = Readonly<{
  outcomes: Readonly<Record<string, readonly string[]>>
  canaries: number
  loopbackPackets: number
  /** The same two counts for one connection of our own to loopback: the instruments work. */
  control: Readonly<{ canaries: number; loopbackPackets: number }>
  dialled: readonly string[] | null
  /** The same visits by a worker that has an egress proxy and no resolver. */
  proxied: Pick<Report, 'outcomes' | 'canaries' | 'dialled'>
}>

const ip = (...args: string[]) => execFileSync('ip', args)

async function run(): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'fetch-namespace-'))
  const far = spawn('unshare', ['-n', 'sleep', '120'], { stdio: 'ignore' })
  await new Promise((done) => setTimeout(done, 300))
  lay(String(far.pid))
  const authority = await certificateAuthority()
  const identity = await authority.issue([
    'good.example.com',
    'six.example.com',
    'rebind.example.com',
    'turn.example.com',
    'robots.example.com',
    SITE_V4,
  ])
  writeFileSync(join(folder, 'ca.pem'), authority.ca)
  writeFileSync(join(folder, 'identity.json'), JSON.stringify(identity))
  const serve = [
    '-t',
    String(far.pid),
    '-n',
    process.execPath,
    join(import.meta.dirname, 'namespace-site.ts'),
    join(folder, 'identity.json'),
  ]
  const site = spawn('nsenter', serve, { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((done) => site.stdout.once('data', done))
  let canaries = 0
  const traps = await Promise.all(
    ['127.0.0.1', '::1', WORKER_V4, ...INSIDE].map((address) =>
      trap(address, () => {
        canaries += 1
      }),
    ),
  )
  const traceFile = join(folder, 'trace')
  const worker = await workerProcess(
    { allow: ['*'], dns_servers: [`${NAMES_V4}:53`] },
    { env: { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') }, ...(haveStrace ? { traceFile } : {}) },
  )
  const before = loopbackPackets()
  const outcomes = await visitAll(worker)
  const counted = { canaries, loopbackPackets: loopbackPackets() - before }
  await worker.close()
  await new Promise((done) => connect(PORT, '127.0.0.1').on('error', done).on('close', done))
  const control = {
    canaries: canaries - counted.canaries,
    loopbackPackets: loopbackPackets() - before - counted.loopbackPackets,
  }
  const sprung = canaries
  const proxied = await throughProxy(folder)
  const proxiedCanaries = canaries - sprung
  for (const server of traps) server.close()
  site.kill('SIGKILL')
  far.kill('SIGKILL')
  const dialled = haveStrace ? [...dialledFrom(traceFile)].toSorted() : null
  rmSync(folder, { recursive: true })
  return { outcomes, ...counted, control, dialled, proxied: { ...proxied, canaries: proxiedCanaries } }
}

async function visitAll(worker: WorkerProcess): Promise<Record<string, string[]>> {
  const outcomes: Record<string, string[]> = {}
  for (const [url, times] of visits()) {
    const seen: string[] = []
    for (let count = 0; count < times; count += 1) {
      const { ok, code, says, answer } = await worker.fetch(url)
      seen.push(ok ? String(answer?.['text']) : `${code} ${/\((\w+)\)/.exec(says ?? '')?.[1] ?? ''}`.trim())
    }
    outcomes[url] = seen
  }
  return outcomes
}

async function throughProxy(folder: string): Promise<Pick<Report, 'outcomes' | 'dialled'>> {
  const policy = { allow: ['*'], internal: [] }
  const proxy = egressProxy({
    judge: hostJudge(policy),
    internal: [],
    dnsServers: [`${NAMES_V4}:53`],
    isClient: (address) => address === '127.0.0.1',
    log: () => undefined,
  }).listen(PROXY_PORT, '127.0.0.1')
  await once(proxy, 'listening')
  const traceFile = join(folder, 'trace-proxied')
  const worker = await workerProcess(
    { ...policy, egress_proxy: PROXY, dns_servers: [`${NAMES_V4}:53`] },
    { env: { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') }, ...(haveStrace ? { traceFile } : {}) },
  )
  const outcomes = await visitAll(worker)
  await worker.close()
  proxy.close()
  return { outcomes, dialled: haveStrace ? [...dialledFrom(traceFile)] : null }
}

// The wire: near end here, far end with the site and the name server. Addresses inside are on loopback, with a listener each.
function lay(far: string): void {
  ip('link', 'set', 'lo', 'up')
  for (const address of INSIDE) ip('addr', 'add', `${address}/32`, 'dev', 'lo')
  ip('link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far', 'netns', far)
  ip('addr', 'add', `${WORKER_V4}/24`, 'dev', 'near')
  ip('addr', 'add', `${WORKER_V6}/64`, 'dev', 'near', 'nodad')
  ip('link', 'set', 'near', 'up')
  const there = (...args: string[]) => execFileSync('nsenter', ['-t', far, '-n', 'ip', ...args])
  there('link', 'set', 'lo', 'up')
  there('addr', 'add', `${SITE_V4}/24`, 'dev', 'far')
  there('addr', 'add', `${NAMES_V4}/24`, 'dev', 'far')
  there('addr', 'add', `${SITE_V6}/64`, 'dev', 'far', 'nodad')
  there('link', 'set', 'far', 'up')
}

const trap = (address: string, sprung: () => void) =>
  new Promise<ReturnType<typeof createServer>>((done) => {
    const server = createServer((socket) => {
      sprung()
      socket.destroy()
    })
    server.listen(PORT, address, () => done(server))
  })

function loopbackPackets(): number {
  const line = /^\s*lo:\s*(.*)$/m.exec(readFileSync('/proc/net/dev', 'utf8'))?.[1] ?? ''
  return Number(line.trim().split(/\s+/)[1])
}

function visits(): readonly (readonly [url: string, times: number])[] {
  const names = [
    'loopback',
    'loopback6',
    'mapped',
    'private',
    'metadata',
    'azure',
    'own',
    'mixed',
    'mixed6',
    'alias',
    'many',
  ]
  const turns = ['loopback', 'mapped', 'metadata', 'private', 'decimal', 'name', 'http']
  return [
    ['https://good.example.com/', 2],
    ['https://six.example.com/', 1],
    [`https://${SITE_V4}/`, 1],
    ['https://rebind.example.com/', 40],
    ...names.map((name) => [`https://${name}.example.com/`, 1] as const),
    ...turns.map((name) => [`https://turn.example.com/${name}`, 1] as const),
    ['https://robots.example.com/', 1],
    ['https://127.0.0.1/', 1],
    ['https://[::ffff:127.0.0.1]/', 1],
    ['https://[::ffff:7f00:1]/', 1],
    [`https://${WORKER_V4}/`, 1],
    [`https://[${WORKER_V6}]/`, 1],
  ]
}

if (process.argv[1] === import.meta.filename) process.stdout.write(`${JSON.stringify(await run())}\n`)
