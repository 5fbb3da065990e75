// Question: what has this caller read, from whichever replica of whichever server?
// Threat:   replicas of which each knows a part; a store that is out of reach, or was started again empty, and makes everybody clean.
// Rule:     one script in one Valkey or Redis joins and tells, by the store's clock. No answer within 250 ms ends the call. A store whose
//           memory began anew since this server started counts every caller as private and untrusted for a whole window.
// Limits:   needs `maxmemory-policy noeviction`. A failover that loses the last writes loses those labels; so does a loss that no running
//           server lives to see.
// Proof:    shared-taint.test.ts
import { type Carrier, Denial, type Label, type TaintStore } from '@hardened-mcp/security-core'
import type { StoreAddress } from '../policy/store-address.ts'
import { type Valkey, valkey } from '../valkey.ts'
import { LABELS_SCRIPT } from './labels-script.ts'

const PREFIX = 'hmcp:{taint}:' // one slot of a cluster, and what an ACL can name: ~hmcp:*
const AGAIN_MS = 1_000
const ANYTHING: Label = Object.freeze({ integrity: 'untrusted', secrecy: 'private' })

export type SharedTaint = TaintStore & Readonly<{ ready: Promise<void>; trouble(): string | undefined; close(): void }>

/** Throws `RangeError` when a file of the section cannot be read. */
export function sharedTaint(options: {
  config: StoreAddress
  windowMs: number
  /** Told when the state changes: the store answers, does not, or has lost its memory. */
  onEvent: (event: TaintEvent, reason: string) => void
}): SharedTaint {
  const { config, windowMs, onEvent } = options
  const store: Valkey = valkey(config, 'taint.shared')
  let began = ''
  let state: TaintEvent | undefined
  const say = (event: TaintEvent, reason: string) => {
    if (state !== event) onEvent(event, reason)
    state = event
  }
  const ask = async ({ tenant, id }: Carrier, added: Label | undefined): Promise<Label> => {
    const keys = [`${PREFIX}${tenant}\n${id}`, `${PREFIX}began`, `${PREFIX}lost`]
    const flags = [added?.secrecy === 'private' ? 1 : 0, added?.integrity === 'untrusted' ? 1 : 0]
    const answer = await store.run(LABELS_SCRIPT, keys, [windowMs, began, ...flags]).catch((thrown: unknown) => {
      const reason = thrown instanceof Error ? thrown.message : 'unknown'
      say('taint_denied', reason)
      throw new Denial('busy', `The store of labels: ${reason}`, { retryAfterMs: AGAIN_MS })
    })
    const [since, isLost, isPrivate, isUntrusted] = answer as [string, number, number, number]
    began = since // another one than before was just marked as a loss, for every server
    if (isLost !== 0) {
      say('taint_lost', 'The memory of the store began anew: every caller counts as private and untrusted')
      return ANYTHING
    }
    say('taint_shared', 'The store answers')
    return {
      integrity: isUntrusted === 0 ? 'trusted' : 'untrusted',
      secrecy: isPrivate === 0 ? 'public' : 'private',
    }
  }
  return {
    read: (who) => ask(who, undefined),
    join: (who, label) => ask(who, label),
    ready: store.ready,
    trouble: () => (state === undefined || state === 'taint_shared' ? undefined : state),
    close: store.close,
  }
}

export type TaintEvent = 'taint_shared' | 'taint_denied' | 'taint_lost'
