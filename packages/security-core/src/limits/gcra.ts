// One rate over many keys: the generic cell rate algorithm (ITU-T I.371) as a virtual schedule.

/** `perMinute` calls sustained, and up to `burst` at once. */
export type Rate = Readonly<{ perMinute: number; burst: number }>

/** The same as two times in milliseconds: between calls, and how much earlier than due a call may come. */
export type Cell = Readonly<{ intervalMs: number; toleranceMs: number }>

const MAX_KEYS = 10_000 // callers x tools held at once; a full table drops entries whose burst is whole again

/** Throws `RangeError` on a rate or burst below one call. */
export function cellOf(name: string, rate: Rate): Cell {
  if (!(rate.perMinute >= 1 && Number.isFinite(rate.perMinute)))
    throw new RangeError(`Rate of ${name} must be at least 1 call per minute, got ${rate.perMinute}`)
  if (!(rate.burst >= 1 && Number.isFinite(rate.burst)))
    throw new RangeError(`Burst of ${name} must be at least 1, got ${rate.burst}`)
  const intervalMs = 60_000 / rate.perMinute
  return { intervalMs, toleranceMs: intervalMs * (rate.burst - 1) }
}

/** `waitMs` is 0 when a call conforms; `take` then counts it. The two are one step, since nothing runs in between. */
export function schedule() {
  const arrivals = new Map<string, number>() // theoretical arrival time of the next conforming call, per key
  // No arrival is later than a spent burst from now, unless the clock was set back: that must not lock a caller out.
  const arrivalOf = (key: string, now: number, { intervalMs, toleranceMs }: Cell) => {
    const arrival = arrivals.get(key) ?? 0
    const latest = now + intervalMs + toleranceMs
    if (arrival <= latest) return arrival
    arrivals.set(key, latest)
    return latest
  }
  return {
    waitMs: (key: string, now: number, cell: Cell) => Math.max(0, arrivalOf(key, now, cell) - cell.toleranceMs - now),
    take(key: string, now: number, cell: Cell) {
      if (arrivals.size >= MAX_KEYS && !arrivals.has(key)) forgetIdle(arrivals, now)
      arrivals.set(key, Math.max(now, arrivalOf(key, now, cell)) + cell.intervalMs)
    },
  }
}

/** One rate for all keys. Throws `RangeError` on a rate or burst below one call. */
export function gcra(name: string, rate: Rate) {
  const cell = cellOf(name, rate)
  const arrivals = schedule()
  return {
    waitMs: (key: string, now: number) => arrivals.waitMs(key, now, cell),
    take: (key: string, now: number) => arrivals.take(key, now, cell),
  }
}

function forgetIdle(arrivals: Map<string, number>, now: number): void {
  for (const [key, arrival] of arrivals) if (arrival <= now) arrivals.delete(key)
}
