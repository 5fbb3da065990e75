// Question: how much have all replicas together handed out?
// Threat:   a limit that doubles with every replica behind the balancer; a store that is gone and takes every limit, or every call, with it.
// Rule:     one script in one Valkey or Redis judges and takes, by the store's clock. While it does not answer within 250 ms, each replica
//           hands out its part alone (limit ÷ replicas, rounded down), or nothing where the operator said `deny`; it is asked again every second.
// Limits:   what the store forgot is forgotten; set back, its clock keeps hosts, and places of who died, for that much longer. In an outage
//           a limit below the number of replicas lets nothing through, but one call of a rate.
// Proof:    shared-ledger.test.ts, test/access/replicas.test.ts
import { Denial, type Entry, type Ledger, localLedger, type Taken } from '@hardened-mcp/security-core'
import type { SharedLimits } from '../policy/limits-section.ts'
import { valkey } from '../valkey.ts'
import { LEDGER_SCRIPT } from './ledger-script.ts'

const AGAIN_MS = 1_000
const PREFIX = 'hmcp:{limits}:' // one slot of a cluster, and what an ACL can name: ~hmcp:*

/** `ready` is over when the store was reached, or after two seconds without it. */
export type SharedLedger = Ledger & Readonly<{ ready: Promise<void>; trouble(): string | undefined; close(): void }>
export type LedgerEvent = 'limits_shared' | 'limits_local' | 'limits_denied'

/** `elapsed` is in milliseconds. Throws `RangeError` when a file of the section cannot be read. */
export function sharedLedger(from: {
  config: SharedLimits
  elapsed: () => number
  onEvent: (event: LedgerEvent, reason: string) => void
}): SharedLedger {
  const { config, elapsed } = from
  const store = valkey(config, 'limits.shared')
  const alone = localLedger(elapsed)
  let state: LedgerEvent | undefined
  let notBefore = Number.NEGATIVE_INFINITY
  const say = (event: LedgerEvent, reason: string) => {
    if (state !== event) from.onEvent(event, reason)
    state = event
  }
  const run = async (verb: 'take' | 'give', entries: readonly Entry[]): Promise<readonly [number, number]> => {
    const keys = entries.map(({ key }) => PREFIX + key)
    return (await store.run(LEDGER_SCRIPT, keys, [verb, JSON.stringify(entries)])) as [number, number]
  }
  const giveShared = (entries: readonly Entry[]) =>
    entries.length === 0
      ? Promise.resolve()
      : run('give', entries).then(
          () => undefined,
          () => undefined, // a slot frees itself, a budget refills
        )
  const withoutStore = (entries: readonly Entry[], reason: string): Taken => {
    say(config.on_outage === 'deny' ? 'limits_denied' : 'limits_local', reason)
    if (config.on_outage === 'deny')
      throw new Denial('busy', 'The store of shared limits cannot be reached', { retryAfterMs: AGAIN_MS })
    const taken = alone.take(entries.map((entry) => partOf(entry, config.replicas)))
    if (taken instanceof Promise) throw new TypeError('The ledger in memory answers at once')
    return taken.ok
      ? { ok: true, give: (back) => alone.give(back.map((entry) => partOf(entry, config.replicas))) }
      : taken
  }
  return Object.freeze({
    async take(entries) {
      if (entries.length === 0) return { ok: true }
      if (elapsed() < notBefore) return withoutStore(entries, 'not asked')
      try {
        const [blocking, waitMs] = await run('take', entries)
        say('limits_shared', 'The store answers')
        return blocking === 0 ? { ok: true, give: giveShared } : { ok: false, entry: blocking - 1, waitMs }
      } catch (thrown) {
        notBefore = elapsed() + AGAIN_MS
        return withoutStore(entries, thrown instanceof Error ? thrown.message : 'unknown')
      }
    },
    give: giveShared,
    ready: store.ready,
    trouble: () => (state === undefined || state === 'limits_shared' ? undefined : state),
    close: store.close,
  })
}

function partOf(entry: Entry, replicas: number): Entry {
  if (entry.kind !== 'rate') return { ...entry, most: Math.floor(entry.most / replicas) }
  const burst = Math.max(1, Math.floor((entry.toleranceMs / entry.intervalMs + 1) / replicas))
  const intervalMs = entry.intervalMs * replicas
  return { ...entry, intervalMs, toleranceMs: intervalMs * (burst - 1) }
}
