// Question: which keys has the operator issued?
// Threat:   a keys file that others can read, write or swap; a half-written file; two commands that overwrite each other's revocation.
// Rule:     a private file that is replaced as a whole (`operator-file.ts`), and a strict schema.
// Limits:   who runs as the same user, or as root, can change the file. Holds digests of keys, never a key.
// Proof:    api-key-file.test.ts
import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { CAPABILITIES } from '@hardened-mcp/security-core'
import { z } from 'zod'
import {
  mustBePrivate,
  type OperatorFile,
  ownUid,
  type Reading,
  readOperatorFile,
  readOperatorFileSync,
  replaceOperatorFile,
  stampOf,
} from '../operator-file.ts'
import { parseStrictly } from '../parse-strictly.ts'
import { tenantName } from '../tenant-name.ts'
import { KeysBroken } from './broken-keys.ts'

const MAX_KEYS = 10_000
const FILE: OperatorFile = {
  ...{ name: 'Keys file', holds: 'the keys' },
  maxBytes: 8 * 1024 * 1024, // MAX_KEYS records, each at its largest
}

// It is printed and logged: no control, bidirectional or invisible character.
const label = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._@:/+()'-]{0,63}$/u, 'Must be 1 to 64 plain characters')
const keyRecord = z
  .strictObject({
    id: z.string().regex(/^k_[0-9a-f]{12}$/, 'Must be k_ and 12 hex digits'),
    name: label,
    tenant: tenantName,
    can: z.array(z.enum(CAPABILITIES)).max(CAPABILITIES.length).readonly(),
    roles: z
      .array(z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/, 'Must be the name of a role'))
      .max(32)
      .readonly()
      .exactOptional(),
    task: label.exactOptional(),
    /** Bait: it opens nothing, and whoever presents it raises an alert. */
    canary: z.literal(true).exactOptional(),
    created: z.iso.datetime(),
    not_before: z.iso.datetime().exactOptional(),
    expires: z.iso.datetime(),
    revoked: z.iso.datetime().exactOptional(),
    hash: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'Must be sha256: and 64 hex digits'),
  })
  .readonly()
export type KeyRecord = z.output<typeof keyRecord>

const distinct = (keys: readonly KeyRecord[]) =>
  new Set(keys.map((key) => key.id)).size === keys.length && new Set(keys.map((key) => key.hash)).size === keys.length
const keysFile = z.strictObject({
  version: z.literal(1),
  keys: z.array(keyRecord).max(MAX_KEYS).refine(distinct, 'Must not hold the same id or hash twice').readonly(),
})

/** `stamp` differs whenever the file was replaced, written or had its mode changed. */
export type KeysReading = Readonly<{ keys: readonly KeyRecord[]; stamp: string }>

/** Returns undefined when there is no file. Throws `RangeError` with one line when there is one that may not be used. */
export const readKeysFileSync = (file: string, uid = ownUid()): KeysReading | undefined =>
  keysOf(readOperatorFileSync(file, FILE, uid))

/** The same without blocking the event loop: for a server that is answering calls. */
export const readKeysFile = async (file: string, uid = ownUid()): Promise<KeysReading | undefined> =>
  keysOf(await readOperatorFile(file, FILE, uid))

/** The stamp of the file as it is now; undefined when it is missing or out of reach. */
export const keysFileStamp = (file: string): Promise<string | undefined> => stat(file).then(stampOf, () => undefined)

/**
 * Replaces the records by what `change` makes of them. One change at a time.
 * Throws `RangeError` with one line; the old file then stands as it was.
 */
export const updateKeysFile = (
  path: string,
  change: (keys: readonly KeyRecord[]) => readonly KeyRecord[],
  { uid = ownUid(), waitMs }: Readonly<{ uid?: number; waitMs?: number }> = {},
): Promise<void> =>
  replaceOperatorFile(
    path,
    FILE,
    (file) => {
      const keys = change(readKeysFileSync(file, uid)?.keys ?? [])
      return `${JSON.stringify(parseStrictly(keysFile, { version: 1, keys }, 'Keys file'), null, 2)}\n`
    },
    waitMs,
  )

/** Throws `RangeError` with one line unless `uid` or root alone can have written the file, and `uid` or `gid` alone can read it. */
export const keysMustBePrivate = (
  stats: Pick<Stats, 'isFile' | 'uid' | 'gid' | 'mode' | 'size'>,
  file: string,
  uid: number,
  gid?: number,
): void => mustBePrivate(stats, file, FILE, uid, gid)

const keysOf = (reading: Reading | undefined): KeysReading | undefined =>
  reading && { keys: parseKeys(reading.text), stamp: reading.stamp }

function parseKeys(text: string): readonly KeyRecord[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new KeysBroken('Keys file must be JSON', text) // the engine's message would quote the file
  }
  try {
    return parseStrictly(keysFile, value, 'Keys file').keys
  } catch (thrown) {
    throw new KeysBroken((thrown as Error).message, text, value)
  }
}
