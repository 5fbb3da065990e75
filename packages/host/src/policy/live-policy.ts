// Question: which policy is in force now?
// Threat:   a policy that is half written, broken or gone while the server runs, and takes every limit with it; an old one that stays for ever.
// Rule:     the file is looked at every 2 s: read, validated, tested by its own tests, recorded, then put in force as a whole.
//           One that fails any of it, or is gone, changes nothing: the last good one stands, and log, trail and /healthz say so.
// Limits:   resources, deadlines, workers, labels, issuers and the shared store are taken over at a start only: a file that changes them is kept out until then.
// Proof:    live-policy.test.ts
import { readFile, stat } from 'node:fs/promises'
import type { ApprovalRule, AuditSink } from '@hardened-mcp/security-core'
import type { FrontConfig } from '../config.ts'
import type { ServerDefinition } from '../define-server.ts'
import { stampOf } from '../operator-file.ts'
import { approvalRulesOf } from './approvals-section.ts'
import { mayRehearse } from './dry-run.ts'
import { type EffectivePolicy, effectivePolicy, peopleOfFile } from './effective-policy.ts'
import { parsePolicy, type PolicyFile, policyId } from './policy-file.ts'
import { checkPolicy, runPolicyTests } from './policy-tests.ts'
import { isOpen, openTo } from './trusted-file.ts'

const POLL_MS = 2_000

export type InForce = EffectivePolicy &
  Readonly<{ id: string; dryRun: boolean; revoked: ReadonlySet<string>; approvals: readonly ApprovalRule[] }>
export type LivePolicy = Readonly<{
  current(): InForce
  /** One word for /healthz while the file is not what is in force. */
  trouble(): string | undefined
  close(): void
}>

type Trouble = 'policy_refused' | 'policy_missing'

export function livePolicy(from: {
  config: FrontConfig
  definition: Pick<ServerDefinition, 'name' | 'resources' | 'tools' | 'policies' | 'places'>
  /** With a signed manifest, the only policy that may be in force. */
  signedPolicy?: string | undefined
  /** Takes what went wrong as an alert, which the operator hears of. */
  audit: AuditSink
  onLoaded: (policy: string) => void
  pollMs?: number
}): LivePolicy {
  const { config, definition } = from
  const { name } = definition
  let inForce: InForce = {
    ...effectivePolicy(name, config.policy, config.people),
    id: config.policyFile?.id ?? 'flags',
    dryRun: config.dryRun === true,
    approvals: approvalRulesOf(config.approvals, name),
    revoked: new Set(config.transport.kind === 'http' ? (config.transport.oauth?.revoked ?? []) : []),
  }
  let seen = inForce.id // of the text that was judged last
  let trouble: Trouble | undefined
  let closed = false
  const file = config.policyFile
  if (file === undefined) return { current: () => inForce, trouble: () => undefined, close: () => undefined }

  const keepLastGood = async (event: Trouble, reason: string) => {
    trouble = event
    const err = `${reason}; policy ${inForce.id} stays in force`
    await from
      .audit({ type: 'alert.raised', server: name, rule: event, policy: inForce.id, err })
      .catch(() => undefined)
  }
  const takeOver = async (text: string, distrust: string | undefined) => {
    const id = policyId(text)
    const sight = distrust === undefined ? id : `${id} ${distrust}`
    if (sight === seen && trouble !== 'policy_missing') return
    seen = sight
    if (sight === inForce.id) {
      trouble = undefined // put back as it was
      return from.onLoaded(id)
    }
    try {
      if (distrust !== undefined) throw new RangeError(distrust)
      const next = judged(text, id)
      await from.audit({ type: 'config.loaded', server: name, policy: id })
      inForce = next
      trouble = undefined
      from.onLoaded(id)
    } catch (thrown) {
      await keepLastGood('policy_refused', thrown instanceof RangeError ? thrown.message : 'It cannot be recorded')
      if (!(thrown instanceof RangeError)) seen = '' // the trail may be writable again
    }
  }
  const judged = (text: string, id: string): InForce => {
    if (from.signedPolicy !== undefined && id !== from.signedPolicy)
      throw new RangeError('It is not the policy of the signed manifest')
    const next = parsePolicy(text)
    mustNotNeedRestart(config, next, name)
    mayRehearse(next, config.transport, Date.now())
    checkPolicy(definition, next, config.resources)
    const failed = runPolicyTests(definition, next, config.resources).find(({ passed }) => !passed)
    if (failed !== undefined) throw new RangeError(`Its own test fails: ${failed.test.name}`)
    return {
      ...effectivePolicy(name, next.servers[name as 'file'], peopleOfFile(next)),
      approvals: approvalRulesOf(next.approvals, name),
      ...{ id, dryRun: next.dry_run !== undefined, revoked: new Set(next.oauth?.revoked ?? []) },
    }
  }
  const look = async () => {
    const read = await Promise.all([readFile(file.path, 'utf8'), stat(file.path)]).catch(() => undefined)
    if (closed) return
    if (read !== undefined) await takeOver(read[0], isOpen(read[1]) ? openTo(file.path) : undefined)
    else if (trouble !== 'policy_missing') await keepLastGood('policy_missing', 'The policy file cannot be read')
    if (!closed) timer = later()
  }
  let stamp = ''
  const lookIfChanged = async () => {
    const now = await stat(file.path).then(stampOf, () => 'missing')
    if (now === stamp && seen !== '') timer = later()
    else await look()
    stamp = now
  }
  const later = () => setTimeout(() => void lookIfChanged().catch(() => undefined), from.pollMs ?? POLL_MS).unref()
  let timer = later()
  return {
    current: () => inForce,
    trouble: () => trouble,
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}

// Workers, issuers, filters, labels and alerts were started with what stood there then.
function mustNotNeedRestart(config: FrontConfig, next: PolicyFile, name: string): void {
  const { transport, policy } = config
  const section = next.servers[name as 'file']
  const isHttp = transport.kind === 'http'
  const followed: readonly (readonly [what: string, now: unknown, before: unknown])[] = [
    ...(section === undefined || policy === null
      ? []
      : ([
          ...(policy.resources === undefined ? [] : [['resources have', section.resources, policy.resources] as const]),
          ['labels have', section.labels, policy.labels],
          ['deadline_seconds has', section.deadline_seconds, policy.deadline_seconds],
          ['worker_per_tenant has', section.worker_per_tenant, policy.worker_per_tenant],
        ] as const)),
    ...(isHttp ? [['oauth has', { ...next.oauth, revoked: 0 }, { ...transport.oauth, revoked: 0 }] as const] : []),
    ['screening has', next.screening, config.screening],
    ['anomaly has', next.anomaly, config.anomaly],
    ['taint has', next.taint, config.taint],
    ['approvals has', { ...next.approvals, rules: 0 }, { ...config.approvals, rules: 0 }],
    ['telemetry has', next.telemetry, config.telemetry],
    ['limits.shared has', next.limits?.shared, config.sharedLimits],
  ]
  const changed = followed.find(([, now, before]) => JSON.stringify(now) !== JSON.stringify(before))
  if (changed !== undefined) throw new RangeError(`${changed[0]} changed: restart the server`)
}
