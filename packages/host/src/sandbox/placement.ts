// Decides which waiting call may start in which free worker: back where its earlier part was kept, few at once for one place outside,
// and never where another tenant's call has run when workers are not shared.

/** What a server says of an operation. Nothing said: any worker, at once. */
export type Placing = Readonly<{
  /** Calls of one `home` go to the worker that served the last of them: it may have kept what they need. */
  home?: string
  /** Wait for that worker while it lives, instead of taking another one. */
  waits?: boolean
  /** Calls of one `group` share `atOnce` workers, and start at least `everyMs` apart. */
  group?: Readonly<{ name: string; atOnce: number; everyMs: number }>
  /** A worker that served one tenant serves no other one. */
  tenant?: string
}>

/** Where a call may start, how long it has to wait for its turn, or which free worker has to make room for a new one. */
export type Place<Slot> = Readonly<{ slot: Slot }> | Readonly<{ afterMs: number }> | Readonly<{ replace: Slot }>

type Worker = Readonly<{ id: number }>

const MAX_REMEMBERED = 4_096

export interface Placement<Job extends object, Slot extends Worker> {
  /** `undefined` until a worker is free again. `free` begins with the one that has been idle longest. */
  placeOf(job: Job, free: readonly Slot[], alive: (worker: number) => boolean): Place<Slot> | undefined
  started(job: Job, slot: Slot): void
  ended(job: Job): void
  /** Its worker is gone, and its number with it. */
  gone(worker: number): void
}

/** Pure bookkeeping on the clock of `now`. */
export function placement<Job extends object, Slot extends Worker>(
  placing: (job: Job) => Placing,
  now: () => number,
): Placement<Job, Slot> {
  const homes = new Map<string, number>()
  const groups = new Map<string, { running: number; lastMs: number }>()
  const tenants = new Map<number, string>() // of each worker that is bound to one
  const open = new Map<Job, string>() // the group of each running call

  return {
    placeOf(job, free, alive) {
      const { home, waits = false, group, tenant } = placing(job)
      const shared = group === undefined ? undefined : groups.get(group.name)
      if (group !== undefined && shared !== undefined) {
        if (shared.running >= group.atOnce) return undefined
        const afterMs = shared.lastMs + group.everyMs - now()
        if (afterMs > 0) return { afterMs }
      }
      const worker = home === undefined ? undefined : homes.get(homeOf(home, tenant))
      const open = free.filter(({ id }) => tenant === undefined || (tenants.get(id) ?? tenant) === tenant)
      const kept = open.find(({ id }) => id === worker)
      if (kept !== undefined) return { slot: kept }
      if (waits && worker !== undefined && alive(worker)) return undefined
      const slot = open.find(({ id }) => tenant !== undefined && tenants.has(id)) ?? open[0]
      if (slot !== undefined) return { slot }
      return free[0] === undefined ? undefined : { replace: free[0] }
    },
    started(job, slot) {
      const { home, group, tenant } = placing(job)
      if (tenant !== undefined) tenants.set(slot.id, tenant)
      if (home !== undefined) remember(homes, homeOf(home, tenant), slot.id)
      if (group === undefined) return
      const running = groups.get(group.name)?.running ?? 0
      remember(groups, group.name, { running: running + 1, lastMs: now() })
      open.set(job, group.name)
    },
    ended(job) {
      const name = open.get(job)
      open.delete(job)
      const group = name === undefined ? undefined : groups.get(name)
      if (group !== undefined) group.running -= 1
    },
    gone: (worker) => void tenants.delete(worker),
  }
}

// A call must not wait for a worker that serves another tenant.
const homeOf = (home: string, tenant: string | undefined) => (tenant === undefined ? home : `${tenant} ${home}`)

// The least recently used goes first: at worst a call starts in another worker, or a little early.
function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > MAX_REMEMBERED && oldest !== undefined) map.delete(oldest)
}
