// The process that speaks MCP: it authenticates, decides, audits and answers. It can spawn nothing and opens no file but
// its code, its keys and its audit directory; the work is done by workers that only the supervisor can start.
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { capabilities, hiddenCharacters, perMinute, type Rates, rateLimit } from '@hardened-mcp/security-core'
import { openAuditSink } from './audit/file-sink.ts'
import { ceilingOf, type FrontConfig, parseStrictly, type ServerPolicy } from './config.ts'
import type { ServerDefinition } from './define-server.ts'
import { operationalLog } from './log.ts'
import { registry } from './mcp/registry.ts'
import type { ToFront, ToSupervisor } from './sandbox/messages.ts'
import { type WorkerPool, workerPool } from './sandbox/worker-pool.ts'
import { type Serving, serve } from './serve.ts'

const DRAIN_MS = 9_000 // one second less than the supervisor waits
const ENVELOPE_BYTES = 64 * 1024 // what a worker may send beyond the largest output budget before it counts as broken

const tell = (message: ToSupervisor) => process.send?.(message)
const log = operationalLog({ name: 'hardened-mcp', level: 'info' })

const early: [number, Socket][] = [] // workers that were handed over while the front was still starting
let pool: WorkerPool | undefined
let everReady = false
let drain: () => void = () => process.exit(0)

process.on('disconnect', () => process.exit(70)) // the supervisor is gone: nobody could end a worker any more
process.on('message', (message: ToFront, handle?: Socket) => {
  if (message.type === 'config') start(message.config).catch(misconfigured)
  if (message.type === 'worker' && handle)
    pool === undefined ? early.push([message.worker, handle]) : pool.attach(message.worker, handle)
  if (message.type === 'ended') pool?.ended(message.worker, message.end)
  if (message.type === 'drain') drain()
})

async function start(config: FrontConfig): Promise<void> {
  const module = (await import(config.module)) as { default: ServerDefinition }
  const definition = module.default
  const resources = parseStrictly(definition.resources, config.resources, 'Resources')
  const tools = definition.tools(resources)
  const audit = await openAuditSink({ dir: config.auditDir, server: definition.name, now: Date.now })
  const workers = workerPool({
    kill: (worker) => tell({ type: 'kill', worker }),
    onFailed: (reason) => (everReady ? log.error('worker_failed', { reason }) : misconfigured(new RangeError(reason))),
    maxBodyBytes: Math.max(...tools.map((tool) => tool.budget.outputBytes)) + ENVELOPE_BYTES,
  })
  pool = workers
  for (const [worker, socket] of early.splice(0)) workers.attach(worker, socket)
  void workers.ready.then(() => {
    everReady = true
  })
  await workers.ready // nothing is promised to a client before a worker could open what was granted
  const policy = ceilingOf(config.policy)
  const served = registry({
    info: {
      name: definition.name,
      title: definition.title,
      version: definition.version,
      instructions: definition.instructions,
    },
    tools,
    policy,
    controls: {
      server: definition.name,
      guards: [capabilities(policy), rateLimit({ rates: ratesOf(config.policy), now: Date.now })],
      policies: definition.policies(resources),
      execute: workers.execute,
      filters: [hiddenCharacters],
      audit: audit.sink,
      fingerprint: audit.fingerprint,
      now: Date.now,
      newCallId: randomUUID,
    },
  })
  await audit.sink({ type: 'config.loaded', server: definition.name })
  const serving = await serve({
    config,
    registry: served,
    audit: audit.sink,
    healthy: audit.healthy,
    permissions: policy?.permissions ?? new Set(),
    log,
    onClose: () => drain(),
  })
  drain = drainOnce(serving, audit.close)
  log.info('serving', { server: definition.name, transport: config.transport.kind })
  tell({ type: 'serving', ...(serving.url === undefined ? {} : { url: serving.url }) })
}

const ratesOf = (policy: ServerPolicy | null): Rates =>
  Object.fromEntries(
    Object.entries(policy?.rate_limits ?? {}).map(([name, rate]) => [
      name,
      typeof rate === 'number' ? perMinute(rate) : { perMinute: rate.per_minute, burst: rate.burst },
    ]),
  )

// Stops taking calls, lets the ones in flight finish, makes their records durable, and goes.
function drainOnce(serving: Serving, closeAudit: () => Promise<void>): () => void {
  let draining = false
  return () => {
    if (draining) return
    draining = true
    setTimeout(() => process.exit(70), DRAIN_MS)
    serving
      .close()
      .then(closeAudit)
      .then(
        () => process.exit(0),
        () => process.exit(70),
      )
  }
}

// Only what the operator can mend is shown in full; anything else would be an internal fault.
function misconfigured(thrown: unknown): void {
  const line = thrown instanceof Error ? thrown.message : 'Start-up failed'
  if (!(thrown instanceof RangeError))
    log.error('start_failed', { reason: thrown instanceof Error ? (thrown.stack ?? line) : line })
  process.send?.({ type: 'misconfigured', line } satisfies ToSupervisor, () =>
    process.exit(thrown instanceof RangeError ? 78 : 70),
  )
}
