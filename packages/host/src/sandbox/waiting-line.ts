// The calls that wait for a worker, in the order in which they came. Each starts as soon as a worker suits it; where every free
// worker is bound to another tenant, the one that was idle longest is replaced.
import type { Placement } from './placement.ts'

const MAX_TURN_MS = 100 // a later call may have less to wait

export type WaitingLine<Job> = Readonly<{
  length(): number
  join(job: Job): void
  /** A call that does not wait any more, for whatever reason; one that is not there changes nothing. */
  leave(job: Job): void
  all(): readonly Job[]
  /** To be called whenever a worker is free, or gone. */
  next(): void
  /** A new worker is ready. */
  came(): void
}>

export function waitingLine<Job extends object, Slot extends Readonly<{ id: number }>>(pool: {
  places: Placement<Job, Slot>
  /** Free workers, beginning with the one that has been idle longest. */
  free: () => readonly Slot[]
  alive: (worker: number) => boolean
  start: (slot: Slot, job: Job) => void
  replace: (slot: Slot) => void
}): WaitingLine<Job> {
  const waiting: Job[] = []
  let turn: NodeJS.Timeout | undefined // one timer for all that wait: each would wake all others
  let coming = 0 // workers on their way in the place of those that were replaced

  const leave = (job: Job) => {
    const place = waiting.indexOf(job)
    if (place >= 0) waiting.splice(place, 1)
  }
  const next = () => {
    let lacking = 0
    for (const job of [...waiting]) {
      const free = pool.free()
      if (free.length === 0) return
      const place = pool.places.placeOf(job, free, pool.alive)
      if (place === undefined) continue
      if ('slot' in place) {
        leave(job)
        pool.start(place.slot, job)
      } else if ('afterMs' in place) turn ??= setTimeout(nextTurn, Math.min(place.afterMs, MAX_TURN_MS))
      else if (++lacking > coming) {
        coming += 1
        pool.replace(place.replace)
      }
    }
  }
  const nextTurn = () => {
    turn = undefined
    next()
  }
  return {
    length: () => waiting.length,
    join(job) {
      waiting.push(job)
      next()
    },
    leave,
    all: () => [...waiting],
    next,
    came() {
      coming = Math.max(0, coming - 1)
      next()
    },
  }
}
