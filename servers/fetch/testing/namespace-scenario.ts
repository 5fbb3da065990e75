// Runs inside a fresh network namespace: the real worker visits every hostile place, once by itself and once through the egress proxy.
import { once } from 'node:events'
import { join } from 'node:path'
import { egressProxy } from '../../../packages/host/src/outbound/egress-proxy.ts'
import { hostJudge } from '../policy.ts'
import { dialledFrom } from './dialled.ts'
import { ANSWERS, METHODS, nameOf, type Visit, WAYS } from './namespace-visits.ts'
import { type Counted, layWire, NAMES_V4, since, type Wire } from './namespace-wire.ts'
import { haveStrace, type WorkerProcess, workerProcess } from './worker-process.ts'

const PROXY_PORT = 3128
export const PROXY = `127.0.0.1:${PROXY_PORT}`
const SIGNED = ['good', 'six', 'rebind', 'turn', 'post', 'robots', ...[2, 3, 4, 5, 6, 7].map((n) => `robots${n}`)]

type Outcomes = Readonly<Record<string, readonly string[]>>

/** What the scenario prints as one line of JSON. */
export type Report = Counted &
  Readonly<{
    outcomes: Outcomes
    /** The same two counts for one connection of our own to loopback: the instruments work. */
    control: Counted
    dialled: readonly string[] | null
    /** The same visits by a worker that has an egress proxy and no resolver. */
    proxied: Readonly<{ outcomes: Outcomes; canaries: number; dialled: readonly string[] | null }>
  }>

const allow = [{ host: '*', methods: ['GET', 'HEAD', 'POST'] }] as const

async function run(): Promise<Report> {
  const wire = await layWire(SIGNED.map((name) => `${name}.example.com`))
  try {
    const before = wire.counted()
    const direct = await visitFrom(wire, 'direct', {}, [...WAYS, ...METHODS, ...ANSWERS])
    const counted = since(before, wire.counted())
    const control = await wire.control()
    const sprung = wire.counted().canaries
    const proxied = await throughProxy(wire)
    return { ...direct, ...counted, control, proxied: { ...proxied, canaries: wire.counted().canaries - sprung } }
  } finally {
    wire.close()
  }
}

async function throughProxy(wire: Wire) {
  const proxy = egressProxy({
    judge: hostJudge({ allow: ['*'], internal: [] }),
    internal: [],
    dnsServers: [`${NAMES_V4}:53`],
    isClient: (address) => address === '127.0.0.1',
    log: () => undefined,
  }).listen(PROXY_PORT, '127.0.0.1')
  await once(proxy, 'listening')
  const seen = await visitFrom(wire, 'proxied', { egress_proxy: PROXY }, [...WAYS, ...METHODS])
  proxy.close()
  return seen
}

async function visitFrom({ folder, caFile }: Wire, name: string, more: object, visits: readonly Visit[]) {
  const traceFile = join(folder, `trace-${name}`)
  const worker = await workerProcess(
    { allow, internal: [], dns_servers: [`${NAMES_V4}:53`], ca_file: caFile, pdf: true, ...more },
    { reads: [caFile], ...(haveStrace ? { traceFile } : {}) },
  )
  const outcomes: Record<string, string[]> = {}
  for (const visit of visits) outcomes[nameOf(visit)] = await outcomesOf(worker, visit)
  await worker.close()
  return { outcomes, dialled: haveStrace ? [...dialledFrom(traceFile)].toSorted() : null }
}

async function outcomesOf(worker: WorkerProcess, { url, times = 1, over, deadlineMs }: Visit): Promise<string[]> {
  const seen: string[] = []
  for (let count = 0; count < times; count += 1) {
    const { ok, code, says, answer } = await worker.fetch(url, over, deadlineMs)
    seen.push(ok ? String(answer?.['text']) : `${code} ${/\((\w+)\)/.exec(says ?? '')?.[1] ?? ''}`.trim())
  }
  return seen
}

if (process.argv[1] === import.meta.filename) process.stdout.write(`${JSON.stringify(await run())}\n`)
