// One server's alerts: who hears of them, who has to wait because of them, and what can be switched off.
import {
  type Alert,
  type Alerts,
  alerts,
  type AuditSink,
  aboutCall,
  canaries,
  type Executor,
  type Guard,
  killSwitch,
  quarantine,
} from '@hardened-mcp/security-core'
import type { OperationalLog } from '../log.ts'
import { type AnomalySection, rulesOf } from '../policy/anomaly-section.ts'
import { followKillSwitch } from './kill-switch-file.ts'
import type { Webhook } from './webhook.ts'

const TICK_MS = 60_000
const HEALTH_MS = 1_000
const LAST_WORDS_MS = 2_000
const MINUTE_MS = 60_000
const DEFAULT_QUARANTINE_MINUTES = 15

/** What an operation touches: `within` is the whole (a root, a database, a host), `name` the exact thing. */
export type Place = Readonly<{ within: string; name: string }>

export type OpenAlerts = Readonly<{
  hub: Alerts
  /** In the order in which they judge; before all others. */
  guards: readonly [Guard, Guard]
  /** Watches what goes to a worker and what comes back. */
  over<Operation extends object>(
    execute: Executor<Operation>,
    placesOf: ((operation: Operation) => readonly Place[]) | undefined,
  ): Executor<Operation>
  close(): Promise<void>
}>

export async function openAlerts(from: {
  section: AnomalySection | undefined
  server: string
  sink: AuditSink
  healthy: () => boolean
  killSwitchFile: string | undefined
  now: () => number
  /** Milliseconds that no correction of the clock moves. */
  elapsed: () => number
  log: OperationalLog
}): Promise<OpenAlerts> {
  const { section, server, now, elapsed, log } = from
  const hub = alerts({ sink: from.sink, rules: rulesOf(section), now })
  const raise = (rule: string, err: string) => void hub.raise({ rule, server, err }).catch(() => undefined)
  const report = (rule: string, err: string) => hub.report({ rule, server, err })
  const hook = await webhookOf(section, log)
  hub.onTold((alert) => {
    log.warn('alert', fieldsOf(alert))
    hook?.send(alert)
  })

  const minutes = section?.breaker.quarantine_minutes ?? DEFAULT_QUARANTINE_MINUTES
  const held = quarantine({ forMs: minutes * MINUTE_MS, elapsed })
  const locking = new Set([
    ...(section?.breaker.mode === 'quarantine' ? ['circuit_broken'] : []),
    ...(section?.canaries?.action === 'quarantine' ? ['canary_value', 'canary_place'] : []),
  ])
  // Only an alert about a verified caller, by what that caller did.
  hub.onAlert(({ rule, tenant, caller: id, says }) => {
    if (locking.has(rule) && tenant !== undefined && id !== undefined) held.impose({ tenant, id }, says)
  })

  const path = from.killSwitchFile
  const file =
    path === undefined
      ? { current: () => [], onChange: () => () => undefined, close: () => undefined }
      : followKillSwitch({ path, onEvent: raise })
  const off = killSwitch(file)
  const stopTimers = [every(TICK_MS, hub.tick), every(HEALTH_MS, whenUnhealthy(from.healthy, report))]

  return {
    hub,
    guards: [off.guard, held.guard],
    over: (execute, placesOf = () => []) => off.over(watched(section, hub, placesOf, execute)),
    async close() {
      for (const stop of stopTimers) stop()
      file.close()
      await hook?.close(LAST_WORDS_MS)
    },
  }
}

// Loaded only where the operator has one: the HTTP client takes its time to load.
async function webhookOf(section: AnomalySection | undefined, log: OperationalLog): Promise<Webhook | undefined> {
  if (section?.webhook === undefined) return undefined
  const { webhook } = await import('./webhook.ts')
  return webhook({ config: section.webhook, log: (event, fields) => log.warn(event, fields) })
}

function watched<Operation extends object>(
  section: AnomalySection | undefined,
  hub: Alerts,
  placesOf: (operation: Operation) => readonly Place[],
  execute: Executor<Operation>,
): Executor<Operation> {
  const noticing: Executor<Operation> = (operation, spend, stop, call) => {
    if (call !== undefined)
      for (const place of new Set(placesOf(operation).map(({ within }) => within)))
        hub.observe({ ...aboutCall(call), type: 'place', place })
    return execute(operation, spend, stop, call)
  }
  const bait = section?.canaries
  if (bait === undefined) return noticing
  return canaries<Operation>({
    ...{ values: bait.values, places: bait.places, refuse: bait.action !== 'alert' },
    namesOf: (operation) => placesOf(operation).map(({ name }) => name),
    onTouch: ({ call, rule, err }) => hub.raise({ ...aboutCall(call), rule, err }),
  })(noticing)
}

// A trail that takes no record cannot take this one either: it is told, and the trail says itself what it missed.
function whenUnhealthy(healthy: () => boolean, report: (rule: string, err: string) => void): () => void {
  let was = true
  return () => {
    const is = healthy()
    if (was && !is) report('audit_unhealthy', 'The audit trail takes no records: no call is answered')
    was = is
  }
}

function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms).unref()
  return () => clearInterval(timer)
}

const fieldsOf = ({ rule, severity, says, server, tenant, caller, tool, call_id, held }: Alert) => ({
  ...{ rule, severity, says, server, tenant, caller, tool, call_id, held },
})
