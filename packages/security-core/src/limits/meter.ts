// Question: how much at the same time, and how much in all?
// Threat:   one caller that holds every worker; data carried off row by row within the rate; a secret spelt out over a thousand hosts.
// Rule:     before the work a place is taken and the most that the call may use is reserved; after it the place and the rest are given back.
// Limits:   what was sent out is not given back, even when the call failed. A place whose process died is free when the call's time is over.
// Proof:    meter.test.ts
import { allow, deny, type Decision } from '../decision.ts'
import type { CallContext } from '../types.ts'
import type { Entry, Ledger } from './ledger.ts'
import type { Bounds, Limits } from './limits.ts'

/** The most that one operation may use, beside the bytes of its answer. */
export type Cost = Readonly<{ rows?: number; egress?: number; domains?: readonly string[] }>
/** What an answer that was given held. */
export type Used = Readonly<{ rows?: number | undefined; bytes: number }>

export type Meter<Operation extends object = object> = Readonly<{
  reserve(call: CallContext, operation: Operation): Decision | Promise<Decision>
  /** Once for each call, whether it was reserved or not; without `used` nothing was answered. Never throws. */
  settle(call: CallContext, used: Used | undefined): void | Promise<void>
}>

const SLACK_MS = 60_000 // waiting for a worker, and the records around the work

/** For a server whose limits are rates alone. */
export const unmetered: Meter = Object.freeze({ reserve: allow, settle: () => undefined })

export function meter<Operation extends object>(options: {
  current: () => Limits
  ledger: Ledger
  cost: (operation: Operation) => Cost
}): Meter<Operation> {
  const held = new Map<string, Readonly<{ entries: readonly Entry[]; give: Ledger['give'] }>>()
  const verdictOf = (
    taken: Awaited<ReturnType<Ledger['take']>>,
    call: CallContext,
    entries: readonly Entry[],
  ): Decision => {
    if (taken.ok) {
      held.set(call.id, { entries, give: taken.give ?? options.ledger.give })
      return allow()
    }
    const entry = entries[taken.entry]
    if (entry?.kind === 'slot') return deny('busy', `As many calls as are allowed are under way: ${nameOf(entry)}`)
    const detail = taken.waitMs > 0 ? { retryAfterMs: taken.waitMs } : {}
    return deny('rate_limited', `The budget is used up: ${entry === undefined ? '' : nameOf(entry)}`, detail)
  }
  return Object.freeze({
    reserve(call, operation) {
      const { caller, tenants } = options.current()
      const { tenant, id } = call.caller
      const cost = options.cost(operation)
      const entries = [
        ...entriesOf(call, cost, `${tenant}\n${id}`, caller),
        ...entriesOf(call, cost, tenant, tenants.get(tenant)),
      ]
      if (entries.length === 0) return allow()
      const taken = options.ledger.take(entries)
      return taken instanceof Promise
        ? taken.then((each) => verdictOf(each, call, entries))
        : verdictOf(taken, call, entries)
    },
    settle(call, used) {
      const reserved = held.get(call.id)
      if (reserved === undefined) return undefined
      held.delete(call.id)
      return reserved.give(reserved.entries.flatMap((entry) => restOf(entry, used)))
    },
  })
}

function entriesOf(call: CallContext, cost: Cost, who: string, bounds: Bounds | undefined): readonly Entry[] {
  if (bounds === undefined) return []
  const entries: Entry[] = []
  for (const name of [call.tool.name, '*']) {
    const most = bounds.concurrent.get(name)
    const key = `slot ${call.server} ${name}\n${who}`
    const forMs = 2 * call.tool.budget.deadlineMs + SLACK_MS
    if (most !== undefined) entries.push({ kind: 'slot', key, most, id: call.id, forMs })
  }
  const { budgets } = bounds
  if (budgets === undefined) return entries
  const { windowMs } = budgets
  const amounts = { rows: cost.rows ?? 0, bytes: call.tool.budget.outputBytes, egress: cost.egress ?? 0 }
  for (const kind of ['rows', 'bytes', 'egress'] as const) {
    const most = budgets[kind]
    if (most !== undefined && amounts[kind] > 0)
      entries.push({ kind: 'budget', key: `${kind} ${call.server}\n${who}`, most, amount: amounts[kind], windowMs })
  }
  if (budgets.domains !== undefined)
    for (const member of new Set(cost.domains))
      entries.push({ kind: 'distinct', key: `domains ${call.server}\n${who}`, most: budgets.domains, member, windowMs })
  return entries
}

function restOf(entry: Entry, used: Used | undefined): readonly Entry[] {
  if (entry.kind === 'slot') return [entry]
  if (entry.kind !== 'budget' || entry.key.startsWith('egress ')) return []
  const spent = entry.key.startsWith('rows ') ? (used?.rows ?? 0) : (used?.bytes ?? 0)
  const amount = entry.amount - Math.min(entry.amount, spent)
  return amount === 0 ? [] : [{ ...entry, amount }]
}

const nameOf = ({ key }: Entry) => key.slice(0, key.indexOf('\n'))
