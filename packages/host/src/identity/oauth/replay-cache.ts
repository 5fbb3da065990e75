// Question: was this proof used before?
// Threat:   a proof that was read on its way and is sent again, also after the clock was set; a caller that fills the memory which answers this.
// Rule:     each jti once per key until its time is over on the clock and on a counter that no correction moves; 2 000 per key in that time,
//           50 000 in all; a full cache refuses.
// Limits:   one process knows what one process saw.
// Proof:    test/identity/dpop.test.ts, test/access/clock.test.ts
import { hash } from 'node:crypto'
import { TokenFault } from './faults.ts'

const MAX_PER_KEY = 2_000 // 33 calls a second with a proof each
const MAX_IN_ALL = 50_000

export type ReplayCache = Readonly<{
  /** Throws `TokenFault` when `jti` was used under `key` within the time, or nothing more can be remembered. */
  once(key: string, jti: string): void
}>

/** `now` is the clock that proofs are judged by; `elapsed` counts milliseconds, whatever is done to the clock. */
export function replayCache(from: { forMs: number; now: () => number; elapsed: () => number }): ReplayCache {
  const recent = new Map<string, { key: string; since: number; until: number }>() // in the order of their use
  const late = new Map<string, number>() // used long ago, and by a clock that was set back not over yet
  const countOf = new Map<string, number>()
  let sweptAt = Number.NEGATIVE_INFINITY

  const forget = (now: number, at: number) => {
    for (const [id, { key, since, until }] of recent) {
      if (at - since < from.forMs) break
      recent.delete(id)
      if (until > now) late.set(id, until)
      const left = (countOf.get(key) ?? 1) - 1
      if (left === 0) countOf.delete(key)
      else countOf.set(key, left)
    }
    if (late.size === 0 || at - sweptAt < from.forMs) return
    sweptAt = at
    for (const [id, until] of late) if (until <= now) late.delete(id)
  }
  return Object.freeze({
    once(key, jti) {
      const [now, at] = [from.now(), from.elapsed()]
      forget(now, at)
      const id = hash('sha256', `${key} ${jti}`, 'base64url') // of one length, whatever the caller sent
      if (recent.has(id) || late.has(id)) throw new TokenFault('The proof was used before')
      const count = countOf.get(key) ?? 0
      if (count >= MAX_PER_KEY || recent.size + late.size >= MAX_IN_ALL)
        throw new TokenFault('Too many proofs in one minute')
      recent.set(id, { key, since: at, until: now + from.forMs })
      countOf.set(key, count + 1)
    },
  })
}
