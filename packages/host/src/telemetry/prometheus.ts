// The figures in Prometheus' text format. Loaded only where the operator wants them: the client is a package of its own.
import type { AuditEvent } from '@hardened-mcp/security-core'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Hear } from './observed-sink.ts'
import { outcomeOf } from './outcome.ts'
import { readings, type Standing } from './readings.ts'

const SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30]
const MAX_RULES = 64 // names of alerts come from code; should one ever come from elsewhere, it ends as `other`
const RULE = /^[a-z][a-z0-9_]{0,39}$/
const KEEP_MS = 500 // whoever asks more often gets the same text: the work of a scrape is bounded

export type Prometheus = Readonly<{ hear: Hear; text(): Promise<string>; contentType: string }>

export function prometheus(from: {
  server: string
  version: string
  tools: ReadonlySet<string>
  /** Those that get figures of their own. */
  tenants?: readonly string[]
  standing: () => Standing
  /** Milliseconds that no correction of the clock moves. */
  elapsed: () => number
}): Prometheus {
  const registry = new Registry()
  registry.setDefaultLabels({ server: from.server })
  const registers = [registry]
  const tenantLabel = from.tenants === undefined ? [] : (['tenant'] as const)
  const counter = (name: string, help: string, labelNames: readonly string[]) =>
    new Counter({ name: `hardened_mcp_${name}`, help, labelNames: [...labelNames], registers })
  const calls = counter('calls_total', 'Calls, by how they ended', ['tool', 'decision', 'code', ...tenantLabel])
  const rows = counter('answer_rows_total', 'Rows of answers', ['tool'])
  const bytes = counter('answer_bytes_total', 'Bytes of answers', ['tool'])
  const authFailures = counter('auth_failures_total', 'Requests whose credential was not accepted', ['failure'])
  const alerts = counter('alerts_total', 'Alerts raised, by rule', ['rule'])
  const loads = counter('policy_loads_total', 'Policies taken over, refused or found missing', ['result'])
  const seconds = new Histogram({
    name: 'hardened_mcp_call_duration_seconds',
    help: 'From the arrival of a call to its answer',
    labelNames: ['tool'],
    buckets: SECONDS,
    registers,
  })
  new Gauge({
    name: 'hardened_mcp_build_info',
    help: 'The version of this server',
    labelNames: ['version'],
    registers,
  }).set({ version: from.version }, 1)

  const ofTenant = (tenant: string) =>
    from.tenants === undefined ? {} : { tenant: from.tenants.includes(tenant) ? tenant : 'other' }
  const rules = new Set<string>()
  const ruleOf = (rule = '') => {
    if (RULE.test(rule) && (rules.has(rule) || rules.size < MAX_RULES)) rules.add(rule)
    return rules.has(rule) ? rule : 'other'
  }
  const hear = (event: AuditEvent): void => {
    if (event.type === 'auth.failure') return authFailures.inc({ failure: event.rule ?? 'invalid' })
    if (event.type === 'config.loaded') return loads.inc({ result: 'loaded' })
    if (event.type === 'alert.raised') {
      if (event.rule?.startsWith('policy_') === true) loads.inc({ result: ruleOf(event.rule) })
      return alerts.inc({ rule: ruleOf(event.rule) })
    }
    const outcome = outcomeOf(event, from.tools)
    if (outcome === undefined) return
    const { tool, decision, code, ms } = outcome
    calls.inc({ tool, decision, code, ...ofTenant(outcome.tenant) })
    if (ms !== undefined) seconds.observe({ tool }, ms / 1000)
    if (outcome.rows !== undefined) rows.inc({ tool }, outcome.rows)
    if (outcome.bytes !== undefined) bytes.inc({ tool }, outcome.bytes)
  }

  const table = readings().map((reading) => {
    const { name, help, labels, type } = reading
    const made = { name, help, labelNames: [...labels], registers }
    return { reading, metric: type === 'gauge' ? new Gauge(made) : new Counter(made) }
  })
  const read = () => {
    const now = from.standing()
    for (const { reading, metric } of table) {
      metric.reset() // a digest or an issuer of before is no series of now
      for (const [labels, value] of reading.read(now)) metric.inc(labels, value)
    }
  }
  let kept: { text: Promise<string>; at: number } | undefined
  return {
    hear,
    contentType: registry.contentType,
    text() {
      if (kept !== undefined && from.elapsed() - kept.at < KEEP_MS) return kept.text
      read()
      kept = { text: registry.metrics(), at: from.elapsed() }
      return kept.text
    },
  }
}
