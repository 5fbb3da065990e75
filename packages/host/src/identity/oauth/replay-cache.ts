// Question: was this proof used before?
// Threat:   a proof that was read on its way and is sent again; a caller that fills the memory which answers this.
// Rule:     each jti once per key for as long as a proof is valid; 2 000 per key and 50 000 in all; a full cache refuses.
// Limits:   one process knows what one process saw.
// Proof:    test/identity/dpop.test.ts
import { hash } from 'node:crypto'
import { TokenFault } from './jws.ts'

const MAX_PER_KEY = 2_000 // 33 calls a second with a proof each
const MAX_IN_ALL = 50_000

export type ReplayCache = Readonly<{
  /** Throws `TokenFault` when `jti` was used under `key` within the time, or nothing more can be remembered. */
  once(key: string, jti: string): void
}>

export function replayCache(from: { forMs: number; now: () => number }): ReplayCache {
  const untilOf = new Map<string, { key: string; until: number }>() // in the order of their time
  const countOf = new Map<string, number>()
  const forget = (now: number) => {
    for (const [id, { key, until }] of untilOf) {
      if (until > now) return
      untilOf.delete(id)
      const left = (countOf.get(key) ?? 1) - 1
      if (left === 0) countOf.delete(key)
      else countOf.set(key, left)
    }
  }
  return Object.freeze({
    once(key, jti) {
      const now = from.now()
      forget(now)
      const id = hash('sha256', `${key} ${jti}`, 'base64url') // of one length, whatever the caller sent
      if (untilOf.has(id)) throw new TokenFault('The proof was used before')
      const count = countOf.get(key) ?? 0
      if (count >= MAX_PER_KEY || untilOf.size >= MAX_IN_ALL) throw new TokenFault('Too many proofs in one minute')
      untilOf.set(id, { key, until: now + from.forMs })
      countOf.set(key, count + 1)
    },
  })
}
