// Puts one server together: its tools and policies, the guards, the audit trail and the workers become a registry.
import { randomUUID } from 'node:crypto'
import {
  type ApprovalStore,
  approvals,
  type AuditSink,
  aboutCall,
  type CallContext,
  capabilities,
  type FlowOf,
  type Ledger,
  meter,
  rateLimit,
  sampledRefusals,
  sentSecrets,
  type TaintMode,
  type TaintStore,
  type ToolFacts,
  taint,
  type WorkTime,
} from '@hardened-mcp/security-core'
import type { OpenAlerts } from './alerts/open-alerts.ts'
import type { AuditTrail } from './audit/file-sink.ts'
import type { FrontConfig } from './config.ts'
import type { ServerDefinition } from './define-server.ts'
import { type Registry, registry } from './mcp/registry.ts'
import { rehearsal } from './policy/dry-run.ts'
import type { LivePolicy } from './policy/live-policy.ts'
import { type AddedLabels, withLabels } from './policy/added-labels.ts'
import type { ServerPolicy } from './policy/policy-file.ts'
import { answerMarksOf, filtersOf } from './policy/screening-section.ts'
import type { WorkerPool } from './sandbox/worker-pool.ts'
import { type Hear, observedSink } from './telemetry/observed-sink.ts'

/** Order of `guards` is the order in which they judge. The secure defaults of every server are these lines. */
export function assemble(options: {
  definition: ServerDefinition
  /** What the operator granted, as the definition's schema reads it, and the tools that it opens. */
  resources: unknown
  tools: ReturnType<ServerDefinition['tools']>
  config: FrontConfig
  audit: Pick<AuditTrail, 'sink' | 'fingerprint'>
  alerts: Pick<OpenAlerts, 'hub' | 'guards' | 'over'>
  live: Pick<LivePolicy, 'current'>
  ledger: Ledger
  workers: Pick<WorkerPool, 'execute'>
  work?: Pick<WorkTime, 'guard'> | undefined
  labels: Readonly<{ store: TaintStore; mode: TaintMode }>
  approvals: ApprovalStore
  /** Hears of every call, also of refusals that are counted and not written. */
  hear?: Hear
}): Registry {
  const { definition, resources, config, audit, alerts, live, ledger, workers, work, labels } = options
  const { name, title, version, instructions } = definition
  const whole = () => live.current().ceiling
  const enforced = () => {
    const { ceiling, dryRun } = live.current()
    if (ceiling === undefined || !dryRun) return ceiling
    const { people: _, ...server } = ceiling
    return server
  }
  const added = config.policy?.labels
  const current = () => live.current().limits
  const heard = observedSink(
    sampledRefusals(audit.sink, () => performance.now()),
    options.hear ?? (() => undefined),
  )
  const sampled = alerts.hub.watch(heard) // a refusal that is not written counts too
  return registry({
    info: { name, title, version, instructions },
    tools: options.tools.map((tool) => withDeadline(withLabels(tool, added), config.policy)),
    views: definition.views?.(resources),
    asksRoots: definition.clientRoots?.(resources),
    policy: enforced,
    controls: {
      server: name,
      guards: [
        ...alerts.guards,
        capabilities(enforced),
        rehearsal(whole, () => live.current().dryRun, sampled),
        rateLimit({ current, ledger }),
        ...(work === undefined ? [] : [work.guard]),
      ],
      policies: [...definition.policies(resources), ...(config.screening?.arguments === 'refuse' ? [sentSecrets] : [])],
      taint: taint({
        ...labels,
        onRefused: labels.mode === 'mark' ? marked(sampled) : undefined,
        flowOf: raised(definition.flow?.(resources), added),
      }),
      approvals: approvals({ rules: () => live.current().approvals, store: options.approvals }),
      meter: meter({ current, ledger, cost: (operation) => definition.cost?.(operation) ?? {} }),
      execute: alerts.over(workers.execute, definition.touches?.(resources)),
      filters: filtersOf(config.screening),
      ...answerMarksOf(config.screening),
      audit: sampled,
      fingerprint: audit.fingerprint,
      now: Date.now,
      newCallId: randomUUID,
      pause: () => new Promise((resolve) => setImmediate(resolve)),
      policyId: () => live.current().id,
    },
  })
}

const withDeadline = <Tool extends Pick<ToolFacts, 'budget'>>(tool: Tool, policy: ServerPolicy | null): Tool => {
  const seconds = policy?.deadline_seconds
  if (seconds === undefined) return tool
  return Object.freeze({ ...tool, budget: Object.freeze({ ...tool.budget, deadlineMs: seconds * 1_000 }) })
}

// Enforced, the refusal has its own record; what is only marked needs one.
const marked = (audit: AuditSink) => (call: CallContext, why: string) =>
  audit({
    ...aboutCall(call),
    type: 'alert.raised',
    rule: 'tainted',
    err: `Would be refused: ${why} data would arrive`,
  })

// What the policy adds to a tool's answers is added to the label of their place too.
const raised =
  (flow: FlowOf<object> | undefined, added: AddedLabels | undefined): FlowOf<object> =>
  (operation, call) => {
    const own = flow?.(operation, call)
    return own && { ...own, reads: { ...own.reads, ...added?.[call.tool.name] } }
  }
