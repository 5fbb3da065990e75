// Question: has this caller just been refused so often that it has to wait?
// Threat:   a model that was taken over and goes on trying until something gives; one that reached for bait.
// Rule:     for a time that ends by itself, every call of this very caller is refused, with the exact wait; of nobody else.
// Limits:   in this process alone, and gone with it. Only what a verified caller did itself counts, so nobody can have another one locked out.
// Proof:    quarantine.test.ts
import { allow, deny } from '../decision.ts'
import type { Guard } from '../pipeline.ts'

type Who = Readonly<{ tenant: string; id: string }>

export type Quarantine = Readonly<{
  guard: Guard
  /** From now on; twice counts from the second time. */
  impose(who: Who, why: string): void
  /** How many callers wait now. */
  size(): number
}>

const MOST_CALLERS = 10_000 // verified callers; beyond it, whoever would be free first is free now

/** `elapsed` is in milliseconds that no correction of the clock moves. */
export function quarantine(options: { forMs: number; elapsed: () => number; most?: number }): Quarantine {
  const { forMs, elapsed, most = MOST_CALLERS } = options
  const held = new Map<string, Readonly<{ untilMs: number; why: string }>>() // in the order of `untilMs`
  const dropOver = (now: number) => {
    for (const [key, { untilMs }] of held) {
      if (untilMs > now) return
      held.delete(key)
    }
  }
  return Object.freeze({
    guard: function quarantine({ caller }) {
      const entry = held.get(keyOf(caller))
      const waitMs = entry === undefined ? 0 : Math.ceil(entry.untilMs - elapsed())
      if (entry === undefined || waitMs <= 0) return allow()
      return deny('quarantined', `In quarantine: ${entry.why}`, { retryAfterMs: waitMs })
    },
    impose(who, why) {
      const now = elapsed()
      const key = keyOf(who)
      held.delete(key)
      dropOver(now)
      if (held.size >= most) for (const first of held.keys()) if (held.size >= most) held.delete(first)
      held.set(key, { untilMs: now + forMs, why })
    },
    size() {
      dropOver(elapsed())
      return held.size
    },
  })
}

const keyOf = ({ tenant, id }: Who) => JSON.stringify([tenant, id])
