// Question: which keys has the operator issued?
// Threat:   a keys file that others can read, write or swap; a half-written file; two commands that overwrite each other's revocation.
// Rule:     a regular file of this user with mode 0600 (or root's, read by this group alone: a mounted secret) and a strict schema,
//           replaced as a whole: exclusive `.new`, fsync, rename, fsync.
// Limits:   who runs as the same user, or as root, can change the file. Holds digests of keys, never a key.
// Proof:    api-key-file.test.ts
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CAPABILITIES } from '@hardened-mcp/security-core'
import { z } from 'zod'
import { parseStrictly } from '../parse-strictly.ts'
import { KeysBroken } from './broken-keys.ts'

const MAX_KEYS = 10_000
const MAX_FILE_BYTES = 8 * 1024 * 1024 // MAX_KEYS records, each at its largest
const LOCK_WAIT_MS = 5_000 // a mint or a revocation takes milliseconds
const READ = constants.O_RDONLY | constants.O_NONBLOCK // a FIFO in place of the file must not hang the server

// It is printed and logged: no control, bidirectional or invisible character.
const label = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._@:/+()'-]{0,63}$/u, 'Must be 1 to 64 plain characters')
const keyRecord = z
  .strictObject({
    id: z.string().regex(/^k_[0-9a-f]{12}$/, 'Must be k_ and 12 hex digits'),
    name: label,
    tenant: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'Must be 1 to 63 characters of a-z 0-9 _ -'),
    can: z.array(z.enum(CAPABILITIES)).max(CAPABILITIES.length).readonly(),
    roles: z
      .array(z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/, 'Must be the name of a role'))
      .max(32)
      .readonly()
      .exactOptional(),
    task: label.exactOptional(),
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
export function readKeysFileSync(file: string, uid = ownUid()): KeysReading | undefined {
  try {
    const fd = openSync(file, READ)
    try {
      const stats = fstatSync(fd)
      keysMustBePrivate(stats, file, uid)
      return { keys: parseKeys(readFileSync(fd, 'utf8')), stamp: stampOf(stats) }
    } finally {
      closeSync(fd)
    }
  } catch (thrown) {
    return unusable(thrown, file)
  }
}

/** The same without blocking the event loop: for a server that is answering calls. */
export async function readKeysFile(file: string, uid = ownUid()): Promise<KeysReading | undefined> {
  try {
    await using handle = await open(file, READ)
    const stats = await handle.stat() // before the bytes: a write in between shows as another stamp next time
    keysMustBePrivate(stats, file, uid)
    return { keys: parseKeys(await handle.readFile('utf8')), stamp: stampOf(stats) }
  } catch (thrown) {
    return unusable(thrown, file)
  }
}

/** The stamp of the file as it is now; undefined when it is missing or out of reach. */
export const keysFileStamp = (file: string): Promise<string | undefined> => stat(file).then(stampOf, () => undefined)

/**
 * Replaces the records by what `change` makes of them. One change at a time: the new file is also the lock.
 * Throws `RangeError` with one line; the old file then stands as it was.
 */
export async function updateKeysFile(
  path: string,
  change: (keys: readonly KeyRecord[]) => readonly KeyRecord[],
  { uid = ownUid(), waitMs = LOCK_WAIT_MS } = {},
): Promise<void> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const file = existsSync(path) ? realpathSync(path) : path // a link stays a link
    const next = `${file}.new`
    const fd = await claim(next, waitMs)
    let replaced = false
    try {
      const keys = change(readKeysFileSync(file, uid)?.keys ?? [])
      writeFileSync(fd, `${JSON.stringify(parseStrictly(keysFile, { version: 1, keys }, 'Keys file'), null, 2)}\n`)
      fsyncSync(fd)
      renameSync(next, file)
      replaced = true
    } finally {
      closeSync(fd)
      if (!replaced) unlinkSync(next)
    }
    syncDirectory(dirname(file))
  } catch (thrown) {
    if (thrown instanceof RangeError) throw thrown
    throw new RangeError(`Keys file ${path} cannot be written (${codeOf(thrown)})`)
  }
}

async function claim(next: string, waitMs: number): Promise<number> {
  for (let waited = 0; ; waited += 20) {
    try {
      return openSync(next, 'wx', 0o600)
    } catch (thrown) {
      if (codeOf(thrown) !== 'EEXIST') throw thrown
      if (waited >= waitMs)
        throw new RangeError(`Another command is changing the keys; if none is running, remove ${next}`)
      await delay(20)
    }
  }
}

// rename() is durable only once the directory is.
function syncDirectory(dir: string): void {
  const fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Throws `RangeError` with one line unless `uid` or root alone can have written the file, and `uid` or `gid` alone can read it. */
export function keysMustBePrivate(
  stats: Pick<Stats, 'isFile' | 'uid' | 'gid' | 'mode' | 'size'>,
  file: string,
  uid: number,
  gid = process.getegid?.() ?? -1,
): void {
  if (!stats.isFile()) throw new RangeError(`Keys file ${file} must be a regular file`)
  if (stats.size > MAX_FILE_BYTES) throw new RangeError(`Keys file ${file} must be at most ${MAX_FILE_BYTES} bytes`)
  // A secret volume of Kubernetes is root's with the pod's fsGroup: this user can read it and never write it.
  if (uid !== 0 && stats.uid === 0 && stats.gid === gid && (stats.mode & 0o777 & ~0o700) === 0o040) return
  if (stats.uid !== uid) throw new RangeError(`Keys file ${file} must belong to user ${uid}, not ${stats.uid}`)
  if ((stats.mode & 0o077) !== 0)
    throw new RangeError(`Keys file ${file} must be closed to group and others: chmod 600`)
}

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

function unusable(thrown: unknown, file: string): undefined {
  if (thrown instanceof RangeError) throw thrown
  const code = codeOf(thrown)
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
  throw new RangeError(`Keys file ${file} cannot be read (${code})`)
}

const stampOf = ({ ino, size, mtimeMs, ctimeMs }: Stats) => `${ino} ${size} ${mtimeMs} ${ctimeMs}`
const codeOf = (thrown: unknown) => (thrown as NodeJS.ErrnoException).code ?? 'unknown'
const ownUid = () => process.getuid?.() ?? -1
