// Question: how much work may one tenant cause?
// Threat:   few calls that are each as heavy as their deadline allows, and hold the workers that everybody shares.
// Rule:     a bucket of working time per tenant: a call passes while something is left in it, and takes from it what it really took.
// Limits:   what is under way when the bucket runs empty goes on to its deadline, so the bucket can be overdrawn; waiting pays that back.
// Proof:    work-time.test.ts
import { allow, deny } from '../decision.ts'
import type { Guard } from '../pipeline.ts'

export type WorkTime = Readonly<{
  guard: Guard
  /** To be told after each piece of work, however it ended. */
  spent(tenant: string, ms: number): void
}>

const MINUTE_MS = 60_000
const MAX_TENANTS = 10_000 // buckets that are full again are dropped before one more is kept

/** A full bucket holds a minute's allowance. Throws `RangeError` when that is not above zero. */
export function workTime(options: { secondsPerMinute: number; now: () => number }): WorkTime {
  const { secondsPerMinute, now } = options
  if (!(secondsPerMinute > 0 && Number.isFinite(secondsPerMinute)))
    throw new RangeError(`Work must be more than 0 seconds per minute, got ${secondsPerMinute}`)
  const fullMs = secondsPerMinute * 1000
  const refill = fullMs / MINUTE_MS
  const buckets = new Map<string, { missingMs: number; at: number }>()
  // A clock that was set back refills nothing, and never makes a bucket emptier.
  const missing = (tenant: string, at: number) => {
    const bucket = buckets.get(tenant)
    return bucket === undefined ? 0 : Math.max(0, bucket.missingMs - Math.max(0, at - bucket.at) * refill)
  }
  return {
    guard: function workTime({ caller }) {
      const over = missing(caller.tenant, now()) - fullMs
      if (over < 0) return allow()
      const retryAfterMs = Math.floor(over / refill) + 1
      return deny('rate_limited', `The working time of the tenant is used up, ${secondsPerMinute} s per minute`, {
        retryAfterMs,
      })
    },
    spent(tenant, ms) {
      const at = now()
      if (buckets.size >= MAX_TENANTS && !buckets.has(tenant))
        for (const name of [...buckets.keys()]) if (missing(name, at) === 0) buckets.delete(name)
      buckets.set(tenant, { missingMs: missing(tenant, at) + Math.max(0, ms), at })
    },
  }
}
