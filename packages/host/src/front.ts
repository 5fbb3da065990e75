// The process that speaks MCP: it authenticates, decides, audits and answers. It can spawn nothing and opens no file but
// its code, its keys and its audit directory; the work is done by workers that only the supervisor can start.
import type { Socket } from 'node:net'
import { type Alerts, type AuditSink, workTime } from '@hardened-mcp/security-core'
import { openAlerts } from './alerts/open-alerts.ts'
import { assemble } from './assemble.ts'
import { openAuditSink } from './audit/file-sink.ts'
import { logHeads } from './audit/head-lines.ts'
import { watchOwnTrail } from './audit/own-trail.ts'
import type { FrontConfig } from './config.ts'
import type { ServerDefinition } from './define-server.ts'
import { openLedger } from './limits/open-ledger.ts'
import type { LedgerEvent } from './limits/shared-ledger.ts'
import type { TaintEvent } from './taint/shared-taint.ts'
import { operationalLog } from './log.ts'
import { mustBeAsSigned } from './manifest/as-signed.ts'
import { parseStrictly } from './parse-strictly.ts'
import { livePolicy } from './policy/live-policy.ts'
import type { ToFront, ToSupervisor } from './sandbox/messages.ts'
import { EXIT_BROKEN, EXIT_CONFIG } from './sandbox/exit-codes.ts'
import { type PoolOptions, type WorkerPool, workerPool } from './sandbox/worker-pool.ts'
import { type Serving, serve } from './serve.ts'
import { openLabels } from './taint/open-labels.ts'
import { openApprovals } from './approval/open-approvals.ts'
import { type Hear, observedSink } from './telemetry/observed-sink.ts'
import { standing, workforce } from './telemetry/standing.ts'
import { telemetry } from './telemetry/telemetry.ts'

const DRAIN_MS = 9_000 // one second less than the supervisor waits
const LAST_CALLS_MS = 7_000 // what runs then is ended, so that its caller hears of it and its record is written
const ENVELOPE_BYTES = 64 * 1024 // what a worker may send beyond the largest answer before it counts as broken

const elapsed = () => performance.now()
const tell = (message: ToSupervisor) => process.send?.(message)
const log = operationalLog({ name: 'hardened-mcp', level: 'info' })

let failed = false
let receive: (message: ToFront, handle?: Socket) => void = (message) => {
  if (message.type === 'config') start(message.config).catch(misconfigured)
}
process.on('message', (message: ToFront, handle?: Socket) => receive(message, handle))
process.on('disconnect', () => process.exit(EXIT_BROKEN)) // the supervisor is gone: nobody could end a worker any more

async function start(config: FrontConfig): Promise<void> {
  const early: [ToFront, Socket | undefined][] = [] // what arrives while the module is being loaded
  receive = (message, handle) => void early.push([message, handle])
  const { default: definition } = (await import(config.module)) as { default: ServerDefinition }
  const signedPolicy = mustBeAsSigned(definition, config)
  const resources = parseStrictly(definition.resources, config.resources, 'Resources')
  const tools = definition.tools(resources)
  const limit = definition.work?.(resources)
  const work = limit === undefined ? undefined : workTime({ secondsPerMinute: limit.secondsPerMinute, now: elapsed })
  const workers = workersOf({ definition, resources, tools, config }, (operation, ms) =>
    work?.spent(limit?.payer(operation) ?? '', ms),
  )
  const audit = await openAuditSink({ dir: config.auditDir, server: definition.name, now: Date.now })
  let drain: () => void = () => process.exit(0)
  const came = workforce()
  receive = (message, handle) => {
    if (message.type === 'worker') came.started()
    if (message.type === 'worker' && handle !== undefined) workers.attach(message.worker, handle)
    if (message.type === 'ended') came.ended(message.end)
    if (message.type === 'ended') workers.ended(message.worker, message.end)
    if (message.type === 'drain') drain()
  }
  for (const [message, handle] of early) receive(message, handle)
  await workers.ready // nothing is promised to a client before a worker could open what was granted
  let serving: Serving | undefined
  const standingNow = () => standing({ workers, came, audit, live, serving })
  const { name, version } = definition
  const measured = await telemetry({
    config,
    version,
    tools: tools.map((tool) => tool.name),
    standing: standingNow,
    log,
  })
  const alerts = await openAlerts({
    ...{ section: config.anomaly, server: name, killSwitchFile: config.killSwitchFile },
    ...{ sink: audit.sink, healthy: audit.healthy, now: Date.now, elapsed, log },
  })
  const hear = hearing(alerts.hub, measured.hear)
  const sink = alerts.hub.watch(observedSink(audit.sink, hear))
  const live = livePolicy({
    config,
    definition,
    signedPolicy,
    audit: sink,
    onLoaded: (policy) => log.info('policy_loaded', { policy }),
  })
  const raise = raiseTo(sink, name)
  const { ledger, trouble } = await openLedger(config.sharedLimits, raise)
  const labels = await openLabels({ section: config.taint, dir: config.labelsDir, now: Date.now, onEvent: raise })
  const approvals = openApprovals(config.approvals, Date.now)
  const served = assemble({
    ...{ definition, resources, tools, config, audit, alerts, live, ledger, workers, work, labels, approvals, hear },
  })
  await sink({ type: 'config.loaded', server: name, policy: live.current().id })
  const metrics = await measured.listen()
  const opened = await serve({
    config,
    registry: served,
    audit: sink,
    report: alerts.hub.report,
    hear,
    healthy: audit.healthy,
    notReady: () => standingNow().notReady,
    live,
    trouble: () => live.trouble() ?? labels.trouble() ?? trouble(),
    log,
    onClose: () => drain(),
  })
  serving = opened
  const report = (err: string) => alerts.hub.report({ rule: 'audit_verify_failed', server: name, err })
  const endWatch = watchOwnTrail({ dir: config.auditDir, head: audit.head, report })
  drain = drainOnce(
    () => {
      serving = undefined
      endWatch().catch(() => undefined)
      return opened.close()
    },
    workers.stop,
    () => Promise.all([alerts.close().then(audit.close), measured.close()]),
  )
  logHeads(audit, log)
  log.info('serving', { server: name, transport: config.transport.kind, metrics })
  tell({ type: 'serving', ...(opened.url === undefined ? {} : { url: opened.url }) })
}

// Of alerts the figures hear each firing, once: also of those that are held back and have no record.
function hearing({ onAlert }: Pick<Alerts, 'onAlert'>, hear: Hear): Hear {
  onAlert(({ rule, server, tenant }) =>
    hear({ type: 'alert.raised', rule, ...(server && { server }), ...(tenant && { tenant }) }),
  )
  return (event) => (event.type === 'alert.raised' ? undefined : hear(event))
}

// Its line in the log is that of the alert.
const raiseTo = (audit: AuditSink, server: string) => (event: LedgerEvent | TaintEvent, reason: string) => {
  void audit({ type: 'alert.raised', server, rule: event, err: reason }).catch(() => undefined)
}

// A worker that fails before any was ready is the operator's mistake; later it is a fault, and calls say `busy`.
function workersOf(
  from: Pick<Parameters<typeof assemble>[0], 'definition' | 'resources' | 'tools' | 'config'>,
  onWork: (operation: object, ms: number) => void,
): WorkerPool {
  const { definition, resources, tools, config } = from
  let everReady = false
  const placing = definition.worker.placing?.(resources) as PoolOptions['placing']
  const workers = workerPool({
    kill: (worker) => tell({ type: 'kill', worker }),
    onFailed: (reason) => (everReady ? log.error('worker_failed', { reason }) : misconfigured(new RangeError(reason))),
    maxBodyBytes: Math.max(...tools.map(({ budget }) => budget.outputBytes)) + ENVELOPE_BYTES,
    onWork,
    perTenant: config.policy?.worker_per_tenant === true,
    ...(placing === undefined ? {} : { placing }),
  })
  const ready = workers.ready.then(() => {
    everReady = true
  })
  return { ...workers, ready }
}

// Stops taking calls, lets the ones in flight finish while there is time, makes their records durable, and goes.
function drainOnce(close: () => Promise<void>, endCalls: () => void, finish: () => Promise<unknown>): () => void {
  let draining = false
  return () => {
    if (draining) return
    draining = true
    setTimeout(endCalls, LAST_CALLS_MS)
    setTimeout(() => process.exit(EXIT_BROKEN), DRAIN_MS)
    const closed = close().then(finish)
    closed.then(
      () => process.exit(0),
      () => process.exit(EXIT_BROKEN),
    )
  }
}

// Only what the operator can mend is shown in full; anything else is an internal fault.
function misconfigured(thrown: unknown): void {
  if (failed) return // every worker of a wrong grant fails alike; one line is enough
  failed = true
  const mendable = thrown instanceof RangeError
  const line = thrown instanceof Error ? thrown.message : 'Start-up failed'
  if (!mendable) log.error('start_failed', { reason: thrown instanceof Error ? (thrown.stack ?? line) : line })
  process.send?.({ type: 'misconfigured', line } satisfies ToSupervisor, () =>
    process.exit(mendable ? EXIT_CONFIG : EXIT_BROKEN),
  )
}
