// Question: what are the issuer's keys now?
// Threat:   a fetch per forged token (an outage becomes a flood against the issuer), a rotation nobody notices, an issuer that is slow,
//           gone, or serves something huge; a withdrawn key that is believed for ever.
// Rule:     5 min fresh; to 60 min the old set serves while one fetch runs; an unknown kid asks at most once in 30 s; failures wait longer
//           each time; one fetch at a time, for all; a set that cannot be used changes nothing.
// Limits:   a withdrawn key is believed for up to 5 min while the issuer answers, and up to 60 while it does not.
// Proof:    key-source.test.ts
import { KeysUnavailable } from './faults.ts'
import type { KeySet, VerifyingKey } from './key-set.ts'

/** `undefined`: no such key. Rejects with `KeysUnavailable` when no set can be had. */
export type KeySource = Readonly<{
  key(kid: string): Promise<VerifyingKey | undefined>
  /** Age of the set in milliseconds; `undefined` while there is none. It is then asked for, so that it is there before a caller needs it. */
  age(): number | undefined
}>

const FRESH_MS = 300_000
const STALE_MS = 3_600_000
const UNKNOWN_KID_MS = 30_000
const FIRST_BACK_OFF_MS = 1_000
const LONGEST_BACK_OFF_MS = 60_000

export function keySource(from: {
  load: () => Promise<KeySet>
  /** Milliseconds that no correction of the clock moves. */
  elapsed: () => number
  onEvent?: (event: 'key_set_loaded' | 'key_set_failed', reason: string) => void
}): KeySource {
  let keys: KeySet | undefined
  let loadedAt = Number.NEGATIVE_INFINITY
  let askedAt = Number.NEGATIVE_INFINITY // for an unknown kid
  let failures = 0
  let notBefore = Number.NEGATIVE_INFINITY
  let running: Promise<void> | undefined

  const refresh = (): Promise<void> => {
    running ??= attempt().finally(() => {
      running = undefined
    })
    return running
  }
  const attempt = async () => {
    try {
      keys = await from.load()
      loadedAt = from.elapsed()
      failures = 0
      notBefore = Number.NEGATIVE_INFINITY
      from.onEvent?.('key_set_loaded', `${keys.size} keys`)
    } catch (thrown) {
      notBefore = from.elapsed() + Math.min(LONGEST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** failures)
      failures += 1
      from.onEvent?.('key_set_failed', thrown instanceof Error ? thrown.message : 'unknown')
    }
  }
  const current = (): KeySet => {
    if (keys === undefined) throw new KeysUnavailable('No key set of the issuer can be had')
    return keys
  }
  const mayAsk = () => running !== undefined || from.elapsed() >= notBefore

  return Object.freeze({
    age() {
      const age = from.elapsed() - loadedAt
      if (age < STALE_MS) return age
      if (mayAsk()) void refresh().catch(() => undefined)
      return undefined
    },
    async key(kid) {
      const age = from.elapsed() - loadedAt
      if (age >= STALE_MS) {
        keys = undefined // beyond this nobody vouches for it any more
        if (mayAsk()) await refresh()
      } else if (age >= FRESH_MS && mayAsk()) {
        void refresh().catch(() => undefined)
      }
      const known = current().get(kid)
      if (known !== undefined || loadedAt === from.elapsed()) return known
      if (from.elapsed() - askedAt >= UNKNOWN_KID_MS && mayAsk()) {
        askedAt = from.elapsed()
        await refresh()
      } else if (running !== undefined) {
        await running // asked for by somebody else a moment ago
      }
      return current().get(kid)
    },
  })
}
