// Question: how often?
// Threat:   an agent in a loop, a flood through one caller, one tenant that starves the others (seed 39.1: resource exhaustion).
// Rule:     GCRA (ITU-T I.371) per caller and tool, and per caller over all tools: at most burst + rate x time calls pass.
// Limits:   counts calls, not their cost; budgets and deadlines bound that. State is per process.
// Proof:    rate-limit.test.ts
import { allow, type Decision, deny } from '../decision.ts'
import type { Guard } from '../pipeline.ts'
import { gcra, type Rate } from './gcra.ts'

/** Tool name, or `"*"` for all calls of a caller together. A call passes every entry that fits it. */
export type Rates = Readonly<Record<string, Rate>>

/** The seed's form: calls per minute. A sixth of it (ten seconds' worth) may come at once. */
export const perMinute = (calls: number): Rate => ({ perMinute: calls, burst: Math.max(1, Math.ceil(calls / 6)) })

/** Returns a guard that refuses with the exact wait. Throws `RangeError` on a rate below one call. */
export function rateLimit(options: { rates: Rates; now: () => number }): Guard {
  const limits = new Map(Object.entries(options.rates).map(([name, rate]) => [name, gcra(name, rate)]))
  return function rateLimit(call) {
    const who = `${call.caller.tenant}\n${call.caller.id}`
    const checks = [limits.get(call.tool.name), limits.get('*')].filter((limit) => limit !== undefined)
    const now = options.now()
    const waitMs = Math.max(0, ...checks.map((limit) => limit.waitMs(who, now)))
    if (waitMs > 0) return limited(call.tool.name, waitMs)
    for (const limit of checks) limit.take(who, now)
    return allow()
  }
}

const limited = (tool: string, waitMs: number): Decision =>
  deny('rate_limited', `Rate limit of ${tool} reached`, { retryAfterMs: Math.ceil(waitMs) })
