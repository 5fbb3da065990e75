// Question: was this proof made just now?
// Threat:   proofs made in advance on a machine that is no longer under the client's control (RFC 9449 §11.2).
// Rule:     a nonce is the age of this process and its HMAC under a key of its own; it is accepted for 5 minutes, whatever is done to the clock.
// Limits:   no state: one nonce serves many proofs. The replay cache makes each proof single.
// Proof:    test/identity/dpop.test.ts
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const VALID_MS = 300_000
const NONCE = /^([0-9a-z]{8})\.([A-Za-z0-9_-]{43})$/

export type DpopNonce = Readonly<{ fresh(): string; accepts(nonce: unknown): boolean }>

/** `elapsed` is in milliseconds since any point that lies before it. */
export function dpopNonce(elapsed: () => number, key: Buffer = randomBytes(32)): DpopNonce {
  const macOf = (time: string) => createHmac('sha256', key).update(time).digest('base64url')
  return Object.freeze({
    fresh() {
      const time = Math.floor(elapsed()).toString(36).padStart(8, '0')
      return `${time}.${macOf(time)}`
    },
    accepts(nonce) {
      const [, time, mac] = typeof nonce === 'string' ? (NONCE.exec(nonce) ?? []) : []
      if (time === undefined || mac === undefined) return false
      const age = elapsed() - Number.parseInt(time, 36)
      return timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(time))) && age >= 0 && age < VALID_MS
    },
  })
}
