// Where limits are counted: all entries of one call are taken together or not at all. This one counts in memory;
// the host has one that replicas share, with the same arithmetic.
import { schedule } from './gcra.ts'

/** What a call takes. Keys are texts of any form; times are milliseconds. */
export type Entry =
  | Readonly<{ kind: 'rate'; key: string; intervalMs: number; toleranceMs: number }>
  /** One of `most` places, given back by `id`, or free again after `forMs` when whoever held it is gone. */
  | Readonly<{ kind: 'slot'; key: string; most: number; id: string; forMs: number }>
  /** A bucket that holds `most` and is refilled evenly over `windowMs`. */
  | Readonly<{ kind: 'budget'; key: string; most: number; amount: number; windowMs: number }>
  /** At most `most` different members in any `windowMs`. */
  | Readonly<{ kind: 'distinct'; key: string; most: number; member: string; windowMs: number }>

/** `entry` is the index of the one that stood in the way longest; `waitMs` is 0 where waiting is no promise. */
/** Where `give` is there, what was taken goes back by it, and not to the ledger itself. */
export type Taken =
  | Readonly<{ ok: true; give?: Ledger['give'] }>
  | Readonly<{ ok: false; entry: number; waitMs: number }>

export type Ledger = Readonly<{
  take: (entries: readonly Entry[]) => Taken | Promise<Taken>
  /** Gives slots back, and the given amounts to budgets. Never throws. */
  give: (entries: readonly Entry[]) => void | Promise<void>
}>

type Bucket = { spent: number; at: number }

const MAX_KEYS = 10_000 // of each kind; when there are more, those that say nothing any more are dropped

/** `now` is in milliseconds since any fixed point. */
export function localLedger(now: () => number): Ledger {
  const rates = schedule()
  const slots = new Map<string, Map<string, number>>() // id to the time at which it is free again
  const buckets = new Map<string, Bucket>()
  const members = new Map<string, Map<string, number>>() // member to the time it is forgotten

  const waitOf = (entry: Entry, at: number): number | undefined => {
    if (entry.kind === 'rate') return rates.waitMs(entry.key, at, entry) || undefined
    if (entry.kind === 'slot') return alive(slots, entry.key, at).size >= entry.most ? 0 : undefined
    if (entry.kind === 'budget') {
      const over = spentOf(buckets, entry, at) + entry.amount - entry.most
      if (over <= 0) return undefined
      return entry.amount > entry.most ? 0 : (over * entry.windowMs) / entry.most
    }
    const known = alive(members, entry.key, at)
    if (known.has(entry.member) || known.size < entry.most) return undefined
    return Math.min(...known.values()) - at
  }
  const count = (entry: Entry, at: number): void => {
    if (entry.kind === 'rate') rates.take(entry.key, at, entry)
    else if (entry.kind === 'slot') put(slots, entry.key, at).set(entry.id, at + entry.forMs)
    else if (entry.kind === 'distinct') put(members, entry.key, at).set(entry.member, at + entry.windowMs)
    else move(entry, entry.amount, at)
  }
  const move = (entry: Entry & { kind: 'budget' }, amount: number, at: number): void => {
    if (buckets.size >= MAX_KEYS)
      for (const [key, { at: since }] of buckets) if (at - since > entry.windowMs) buckets.delete(key)
    buckets.set(entry.key, { spent: Math.max(0, spentOf(buckets, entry, at) + amount), at })
  }
  return Object.freeze({
    take(entries) {
      const at = now()
      const waits = entries.map((entry) => waitOf(entry, at))
      const longest = waits.reduce<number>(
        (best, wait, index) => (wait !== undefined && !(wait <= (waits[best] ?? -1)) ? index : best),
        -1,
      )
      if (longest >= 0) return { ok: false, entry: longest, waitMs: Math.ceil(waits[longest] ?? 0) }
      for (const entry of entries) count(entry, at)
      return { ok: true }
    },
    give(entries) {
      const at = now()
      for (const entry of entries) {
        if (entry.kind === 'slot') slots.get(entry.key)?.delete(entry.id)
        if (entry.kind === 'budget') move(entry, -entry.amount, at)
      }
    },
  })
}

// A clock that was set back refills nothing.
function spentOf(buckets: ReadonlyMap<string, Bucket>, entry: Entry & { kind: 'budget' }, at: number): number {
  const bucket = buckets.get(entry.key)
  if (bucket === undefined) return 0
  return Math.max(0, bucket.spent - (Math.max(0, at - bucket.at) * entry.most) / entry.windowMs)
}

function alive(table: Map<string, Map<string, number>>, key: string, at: number): Map<string, number> {
  const held = table.get(key) ?? new Map<string, number>()
  for (const [id, until] of held) if (until <= at) held.delete(id)
  return held
}

function put(table: Map<string, Map<string, number>>, key: string, at: number): Map<string, number> {
  const held = table.get(key)
  if (held !== undefined) return held
  if (table.size >= MAX_KEYS)
    for (const other of table.keys()) if (alive(table, other, at).size === 0) table.delete(other)
  const fresh = new Map<string, number>()
  table.set(key, fresh)
  return fresh
}
