// The parts of the policy file that bound how often, how much at once and how much in all.
import { type Bounds, perMinute } from '@hardened-mcp/security-core'
import { z } from 'zod'
import { storeFields } from './store-address.ts'

export const toolName = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'Must be a tool name')
const toolOrAll = z.union([toolName, z.literal('*')])
const rate = z.union([
  z.int().min(1).max(1_000_000),
  z.strictObject({ per_minute: z.int().min(1).max(1_000_000), burst: z.int().min(1).max(100_000) }),
])
const amount = z.int().min(1).max(1_000_000_000_000)
const WINDOW_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

/** Of a server: for each caller. Of a tenant: for all of its callers together. */
export const boundsFields = {
  /** Calls per minute. */
  rate_limits: z.record(toolOrAll, rate).default({}),
  /** Calls at the same time. */
  concurrent: z.record(toolOrAll, z.int().min(1).max(1_000)).exactOptional(),
  /** Rows and bytes of answers, bytes sent out, different hosts asked. */
  budgets: z
    .strictObject({
      per: z.enum(['minute', 'hour', 'day']),
      rows: amount.exactOptional(),
      bytes: amount.exactOptional(),
      egress: amount.exactOptional(),
      domains: z.int().min(1).max(1_000).exactOptional(),
    })
    .exactOptional(),
}
const bounds = z.strictObject(boundsFields)

/** One Valkey or Redis for all replicas. */
export const sharedLimits = z.strictObject({
  ...storeFields,
  /** How many share it: while it cannot be reached, each one gives out its part alone. */
  replicas: z.int().min(1).max(1_000),
  /** `local`: limits ÷ replicas. `deny`: no call is answered. */
  on_outage: z.enum(['local', 'deny']).default('local'),
})
export type SharedLimits = z.output<typeof sharedLimits>

/** In the form that the limits read. */
export function boundsOf({ rate_limits, concurrent, budgets }: z.output<typeof bounds>): Bounds {
  const rates = Object.entries(rate_limits).map(
    ([name, each]) =>
      [name, typeof each === 'number' ? perMinute(each) : { perMinute: each.per_minute, burst: each.burst }] as const,
  )
  const { per, ...amounts } = budgets ?? {}
  return {
    rates: new Map(rates),
    concurrent: new Map(Object.entries(concurrent ?? {})),
    ...(per === undefined ? {} : { budgets: { windowMs: WINDOW_MS[per], ...amounts } }),
  }
}
