// Question: whose key is this, and is it good now?
// Threat:   a guessed, expired or revoked key; a look-up whose time tells how close a guess was; a revocation that waits for a restart.
// Rule:     look-up by digest, a canary opens nothing and is reported, comparison in constant time, dates judged at each call; the file is looked at every 2 s.
//           No file: every key is refused. A broken file: of the last good set stands what it still holds and does not revoke.
// Limits:   a revocation takes up to 3 s. Says nothing about what the principal may do.
// Proof:    api-key-store.test.ts
import { timingSafeEqual } from 'node:crypto'
import { type Principal, principal } from '@hardened-mcp/security-core'
import { bareKey, storedForm } from './api-key.ts'
import { KeysBroken } from './broken-keys.ts'
import { type KeyRecord, type KeysReading, keysFileStamp, readKeysFile, readKeysFileSync } from './api-key-file.ts'

const POLL_MS = 2_000 // a revocation is in force within 3 s

export type KeyVerdict =
  | Readonly<{ ok: true; principal: Principal; keyId: string }>
  | Readonly<{ ok: false; reason: string; canary?: KeyHolder }>

/** Whose key it is; of a key that is bait, what the operator called it. */
export type KeyHolder = Readonly<{ id: string; tenant: string }>

export type ApiKeyStore = Readonly<{
  verify(raw: string): KeyVerdict
  /** Whether any key would be accepted now. */
  hasGoodKey(): boolean
  close(): void
}>

export type KeysEvent = 'keys_loaded' | 'keys_missing' | 'keys_refused'

type Entry = Readonly<{
  stored: Buffer
  holder: Principal
  from: number
  until: number
  revoked: boolean
  canary: boolean
}>

/** Reads the file before it returns. Never throws: a file that cannot be used is a store that refuses. */
export function apiKeyStore(from: {
  file: string
  now: () => number
  log?: (event: KeysEvent, fields: Readonly<Record<string, string | number>>) => void
}): ApiKeyStore {
  let entries: ReadonlyMap<string, Entry> = new Map()
  let stamp: string | undefined // of the file that `entries` is made of
  let said = ''
  let closed = false

  const take = (reading: KeysReading | undefined) => {
    if (closed) return
    entries = new Map((reading?.keys ?? []).map((record) => [record.hash, entryOf(record)]))
    stamp = reading?.stamp
    if (reading === undefined) say('keys_missing', { reason: 'There is no keys file: every key is refused' })
    else say('keys_loaded', { keys: entries.size, stamp: reading.stamp })
  }
  const refuse = (thrown: unknown) => {
    stamp = undefined // looked at again: the fault may pass without a change of the file
    if (thrown instanceof KeysBroken) entries = new Map([...entries].filter(([hash]) => thrown.standing.has(hash)))
    say('keys_refused', { reason: thrown instanceof RangeError ? thrown.message : 'The keys could not be taken over' })
  }
  // Says a thing once, not every 2 s.
  const say = (event: KeysEvent, fields: Readonly<Record<string, string | number>>) => {
    const line = `${event} ${JSON.stringify(fields)}`
    if (line !== said) from.log?.(event, fields)
    said = line
  }

  try {
    take(readKeysFileSync(from.file))
  } catch (thrown) {
    refuse(thrown)
  }

  // One look at a time: the next is planned when this one has ended.
  const look = async () => {
    try {
      const current = await keysFileStamp(from.file)
      if (current === undefined || current !== stamp) take(await readKeysFile(from.file))
    } catch (thrown) {
      refuse(thrown)
    }
    if (!closed) timer = later(look)
  }
  let timer = later(look)

  return Object.freeze({
    verify: (raw: string) => verdictOf(raw, entries, from.now()),
    hasGoodKey: () => [...entries.values()].some((entry) => !entry.canary && fault(entry, from.now()) === undefined),
    close() {
      closed = true
      clearTimeout(timer)
    },
  })
}

function verdictOf(raw: string, entries: ReadonlyMap<string, Entry>, now: number): KeyVerdict {
  const bare = bareKey(raw)
  if (bare === undefined) return refused('The credential is not an API key, or its check digits are wrong')
  const stored = storedForm(bare)
  const entry = entries.get(stored)
  if (entry === undefined || !timingSafeEqual(entry.stored, Buffer.from(stored))) return refused('No such API key')
  const { id, tenant } = entry.holder
  if (entry.canary) return { ok: false, reason: `API key ${id} is a canary`, canary: { id, tenant } }
  const wrong = fault(entry, now)
  return wrong === undefined ? { ok: true, principal: entry.holder, keyId: id } : refused(`API key ${id} ${wrong}`)
}

function fault(entry: Entry, now: number): string | undefined {
  if (entry.revoked) return 'is revoked'
  if (!(now >= entry.from)) return 'is not valid yet'
  if (!(now < entry.until)) return 'has expired' // also when a clock gives NaN
  return undefined
}

const later = (look: () => Promise<void>) => setTimeout(() => void look(), POLL_MS).unref()

const refused = (reason: string): KeyVerdict => ({ ok: false, reason })

const entryOf = (record: KeyRecord): Entry => ({
  stored: Buffer.from(record.hash),
  holder: principal({
    id: record.id,
    tenant: record.tenant,
    auth: 'api_key',
    can: record.can,
    roles: record.roles ?? [],
  }),
  from: record.not_before === undefined ? Number.NEGATIVE_INFINITY : Date.parse(record.not_before),
  until: Date.parse(record.expires),
  revoked: record.revoked !== undefined,
  canary: record.canary === true,
})
