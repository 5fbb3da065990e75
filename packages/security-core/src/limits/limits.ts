// How much a caller, and a tenant over all its callers, may use of one server: what rate limit and meter read.
import type { Rate } from './gcra.ts'

/** Kept per window: rows and bytes of answers, bytes sent out, and different hosts that were asked. */
export type Budgets = Readonly<{ windowMs: number; rows?: number; bytes?: number; egress?: number; domains?: number }>

/** Keys are tool names, or `"*"` for all tools together. A call has to fit every entry that names it. */
export type Bounds = Readonly<{
  rates: ReadonlyMap<string, Rate>
  /** Calls at the same time. */
  concurrent: ReadonlyMap<string, number>
  budgets?: Budgets
}>

export type Limits = Readonly<{
  /** For each caller by itself. */
  caller: Bounds
  /** For all callers of the tenant together. */
  tenants: ReadonlyMap<string, Bounds>
}>
