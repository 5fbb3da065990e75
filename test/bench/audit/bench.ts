// Measures the audit trail against bare pino in one run: CPU per record, durable calls per second, added latency, verification.
import { mkdtempSync, openSync, realpathSync, rmSync, writeSync, fdatasyncSync, closeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditEvent } from '@hardened-mcp/security-core'
import { destination, pino } from 'pino'
import { openAuditSink } from '../../../packages/host/src/audit/file-sink.ts'
import { verifyDirectory } from '../../../packages/host/src/audit/verify/verify-directory.ts'

const RECORDS = Number(process.env['BENCH_RECORDS'] ?? 100_000)
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 4)
const IN_FLIGHT = 256
const SERIAL_CALLS = 300

/** What one call writes. The same facts go to pino. */
const REQUEST: AuditEvent = {
  type: 'tool_call.request',
  call_id: 'b6f1cb3e-7e0f-4d92-9d3a-52b0e35b1d11',
  server: 'db-query',
  tool: 'query_sql',
  tenant: 'acme',
  caller: 'k_0123456789ab',
  auth: 'api_key',
  client: 'some-client/1.2.3',
  args: 'ab'.repeat(32),
}
const SUCCESS: AuditEvent = {
  ...REQUEST,
  type: 'tool_call.success',
  decision: 'allow',
  dur_ms: 12,
  bytes: 512,
  rows: 3,
}

type Cost = Readonly<{ cpuUs: number; perSecond: number }>

async function costOf(records: number, work: () => Promise<void>): Promise<Cost> {
  const cpu = process.cpuUsage()
  const from = performance.now()
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { cpuUs: (user + system) / records, perSecond: (records / (performance.now() - from)) * 1000 }
}

function barePino(dir: string): Promise<Cost> {
  const file = destination({ dest: join(dir, 'pino.log'), sync: false, minLength: 4096 })
  const logger = pino({ base: null }, file)
  return costOf(RECORDS, async () => {
    for (let done = 0; done < RECORDS; done += 2) {
      logger.info(REQUEST)
      logger.info(SUCCESS)
      if (done % 512 === 0) await new Promise((turn) => setImmediate(turn)) // as a server that has other things to do
    }
    await new Promise<void>((flushed) => file.flush(() => flushed()))
  }).finally(() => file.destroy())
}

async function ourTrail(dir: string): Promise<Cost> {
  const trail = await openAuditSink({ dir, server: 'bench', now: Date.now })
  let left = RECORDS / 2
  const call = async () => {
    await trail.sink(REQUEST)
    await trail.sink(SUCCESS)
  }
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await call()
    }
  }
  const cost = await costOf(RECORDS, async () => void (await Promise.all(Array.from({ length: IN_FLIGHT }, lane))))
  await trail.close()
  return cost
}

const median = (values: readonly number[]) =>
  values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN

/** Milliseconds that two records add to a call when nothing else is going on, and what the disk alone takes for them. */
async function serial(dir: string): Promise<{ ours: number; disk: number }> {
  const trail = await openAuditSink({ dir, server: 'bench', now: Date.now })
  const raw = openSync(join(dir, 'raw'), 'a')
  const bytes = Buffer.alloc(420, 0x61)
  const ours: number[] = []
  const disk: number[] = []
  const sync = () => {
    writeSync(raw, bytes)
    fdatasyncSync(raw)
  }
  for (let round = 0; round < SERIAL_CALLS; round += 1) {
    const from = performance.now()
    await trail.sink(REQUEST)
    await trail.sink(SUCCESS)
    const between = performance.now()
    sync()
    sync()
    ours.push(between - from)
    disk.push(performance.now() - between)
  }
  closeSync(raw)
  await trail.close()
  return { ours: median(ours), disk: median(disk) }
}

const base = mkdtempSync(join(realpathSync(tmpdir()), 'bench-audit-'))
const say = (line: string) => process.stdout.write(`${line}\n`)
try {
  const pinos: Cost[] = []
  const ours: Cost[] = []
  for (let round = 0; round <= ROUNDS; round += 1) {
    const dir = join(base, `round-${round}`)
    const mine = await ourTrail(dir)
    const theirs = await barePino(dir)
    if (round === 0) continue // warms up
    ours.push(mine)
    pinos.push(theirs)
  }
  const cpu = (side: readonly Cost[]) => median(side.map(({ cpuUs }) => cpuUs))
  const rate = (side: readonly Cost[]) => median(side.map(({ perSecond }) => perSecond))
  const ratio = median(ours.map(({ cpuUs }, round) => cpuUs / (pinos[round]?.cpuUs ?? Number.NaN)))
  say(
    `CPU per record: trail ${cpu(ours).toFixed(1)} us, bare pino ${cpu(pinos).toFixed(1)} us, ratio ${ratio.toFixed(2)} (median of ${ROUNDS} pairs)`,
  )
  say(
    `durable at ${IN_FLIGHT} in flight: ${Math.round(rate(ours))} records/s = ${Math.round(rate(ours) / 2)} calls/s; bare pino, not durable: ${Math.round(rate(pinos))} records/s`,
  )
  const { ours: added, disk } = await serial(join(base, 'serial'))
  say(
    `added to a call at concurrency 1: p50 ${added.toFixed(2)} ms for two records; two bare writes with fdatasync ${disk.toFixed(2)} ms`,
  )
  const from = performance.now()
  const { exitCode } = await verifyDirectory(join(base, 'round-1'))
  const seconds = (performance.now() - from) / 1000
  say(`verification: exit code ${exitCode}, ${Math.round(RECORDS / seconds)} records/s`)
} finally {
  rmSync(base, { recursive: true })
}
