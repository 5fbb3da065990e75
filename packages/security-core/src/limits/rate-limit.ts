// Question: how often?
// Threat:   an agent in a loop, a flood through one caller, one tenant that starves the others (seed 39.1: resource exhaustion).
// Rule:     GCRA (ITU-T I.371) per caller and tool, and per caller over all tools: at most burst + rate x time calls pass.
// Limits:   counts calls, not their cost; budgets and deadlines bound that. State is per process.
// Proof:    rate-limit.test.ts
import { allow, type Decision, deny } from '../decision.ts'
import type { Guard } from '../pipeline.ts'

/** `perMinute` calls sustained, and up to `burst` at once. */
export type Rate = Readonly<{ perMinute: number; burst: number }>

/** Tool name, or `"*"` for all calls of a caller together. A call passes every entry that fits it. */
export type Rates = Readonly<Record<string, Rate>>

const MAX_KEYS = 10_000 // callers x tools held at once; a full table drops entries whose burst is whole again

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

/** One limit over many keys. `take` after `waitMs` returned 0; the two are one step, since nothing runs in between. */
function gcra(name: string, rate: Rate) {
  if (!(rate.perMinute >= 1 && Number.isFinite(rate.perMinute)))
    throw new RangeError(`Rate of ${name} must be at least 1 call per minute, got ${rate.perMinute}`)
  if (!(rate.burst >= 1 && Number.isFinite(rate.burst)))
    throw new RangeError(`Burst of ${name} must be at least 1, got ${rate.burst}`)
  const intervalMs = 60_000 / rate.perMinute
  const toleranceMs = intervalMs * (rate.burst - 1)
  const arrivals = new Map<string, number>() // theoretical arrival time of the next conforming call, per key
  // No arrival is later than a spent burst from now, unless the clock was set back: that must not lock a caller out.
  const arrivalOf = (key: string, now: number) => {
    const arrival = arrivals.get(key) ?? 0
    const latest = now + intervalMs + toleranceMs
    if (arrival <= latest) return arrival
    arrivals.set(key, latest)
    return latest
  }
  return {
    waitMs: (key: string, now: number) => Math.max(0, arrivalOf(key, now) - toleranceMs - now),
    take(key: string, now: number) {
      if (arrivals.size >= MAX_KEYS && !arrivals.has(key)) forgetIdle(arrivals, now)
      arrivals.set(key, Math.max(now, arrivalOf(key, now)) + intervalMs)
    },
  }
}

function forgetIdle(arrivals: Map<string, number>, now: number): void {
  for (const [key, arrival] of arrivals) if (arrival <= now) arrivals.delete(key)
}
