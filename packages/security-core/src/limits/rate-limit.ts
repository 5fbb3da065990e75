// Question: how often?
// Threat:   an agent in a loop, a flood through one caller, one tenant that starves the others (OWASP LLM10: unbounded consumption).
// Rule:     GCRA (ITU-T I.371) per caller and tool, per caller over all tools, and the same per tenant: at most burst + rate x time calls pass.
// Limits:   counts calls, not their cost; `meter`, work time and deadlines bound that. The ledger says for how many processes it counts.
// Proof:    rate-limit.test.ts
import { allow, type Decision, deny } from '../decision.ts'
import type { Guard } from '../pipeline.ts'
import type { CallContext } from '../types.ts'
import { cellOf, type Rate } from './gcra.ts'
import type { Ledger, Taken } from './ledger.ts'
import type { Bounds, Limits } from './limits.ts'

/** The short form: calls per minute. A sixth of it (ten seconds' worth) may come at once. */
export const perMinute = (calls: number): Rate => ({ perMinute: calls, burst: Math.max(1, Math.ceil(calls / 6)) })

/** Returns a guard that refuses with the exact wait. `current` gives the limits at the moment of the call. */
export function rateLimit(options: { current: () => Limits; ledger: Ledger }): Guard {
  return function rateLimit(call) {
    const { caller, tenants } = options.current()
    const { tenant, id } = call.caller
    const own = entriesOf(call, `${tenant}\n${id}`, caller)
    const shared = entriesOf(call, tenant, tenants.get(tenant))
    const taken = options.ledger.take([...own, ...shared])
    return taken instanceof Promise ? taken.then((each) => verdictOf(each, call)) : verdictOf(taken, call)
  }
}

const entriesOf = (call: CallContext, who: string, bounds: Bounds | undefined) =>
  [call.tool.name, '*'].flatMap((name) => {
    const rate = bounds?.rates.get(name)
    return rate === undefined
      ? []
      : [{ kind: 'rate' as const, key: `rate ${call.server} ${name}\n${who}`, ...cellOf(name, rate) }]
  })

const verdictOf = (taken: Taken, { tool }: CallContext): Decision =>
  taken.ok ? allow() : deny('rate_limited', `Rate limit of ${tool.name} reached`, { retryAfterMs: taken.waitMs })
