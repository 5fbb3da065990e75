// Question: did the operator, and nobody else, write what this file says?
// Threat:   a file that others can read, write or swap; one that is half written; two commands that overwrite each other's change.
// Rule:     a regular file of this user with mode 0600 (or root's, read by this group alone: a mounted secret), replaced as a whole:
//           exclusive `.new`, fsync, rename, fsync.
// Limits:   who runs as the same user, or as root, can change the file.
// Proof:    packages/host/src/identity/api-key-file.test.ts, packages/host/src/alerts/kill-switch-file.test.ts
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
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** What messages call the file, and what it holds; the most bytes that it may have. */
export type OperatorFile = Readonly<{ name: string; holds: string; maxBytes: number }>

/** `stamp` differs whenever the file was replaced, written or had its mode changed. */
export type Reading = Readonly<{ text: string; stamp: string }>

const LOCK_WAIT_MS = 5_000 // a change takes milliseconds
const READ = constants.O_RDONLY | constants.O_NONBLOCK // a FIFO in place of the file must not hang the server

export const ownUid = () => process.getuid?.() ?? -1

/** Returns undefined when there is no file. Throws `RangeError` with one line when there is one that may not be used. */
export function readOperatorFileSync(path: string, file: OperatorFile, uid = ownUid()): Reading | undefined {
  try {
    const fd = openSync(path, READ)
    try {
      const stats = fstatSync(fd)
      mustBePrivate(stats, path, file, uid)
      return { text: readFileSync(fd, 'utf8'), stamp: stampOf(stats) }
    } finally {
      closeSync(fd)
    }
  } catch (thrown) {
    return unusable(thrown, path, file)
  }
}

/** The same without blocking the event loop: for a server that is answering calls. */
export async function readOperatorFile(path: string, file: OperatorFile, uid = ownUid()): Promise<Reading | undefined> {
  try {
    await using handle = await open(path, READ)
    const stats = await handle.stat() // before the bytes: a write in between shows as another stamp next time
    mustBePrivate(stats, path, file, uid)
    return { text: await handle.readFile('utf8'), stamp: stampOf(stats) }
  } catch (thrown) {
    return unusable(thrown, path, file)
  }
}

/**
 * Replaces the text by what `change` makes of what is there. One change at a time: the new file is also the lock.
 * Throws `RangeError` with one line; the old file then stands as it was.
 */
export async function replaceOperatorFile(
  path: string,
  file: OperatorFile,
  change: (path: string) => string,
  waitMs = LOCK_WAIT_MS,
): Promise<void> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const real = existsSync(path) ? realpathSync(path) : path // a link stays a link
    const next = `${real}.new`
    const fd = await claim(next, file, waitMs)
    let replaced = false
    try {
      writeFileSync(fd, change(real))
      fsyncSync(fd)
      renameSync(next, real)
      replaced = true
    } finally {
      closeSync(fd)
      if (!replaced) unlinkSync(next)
    }
    syncDirectory(dirname(real))
  } catch (thrown) {
    if (thrown instanceof RangeError) throw thrown
    throw new RangeError(`${file.name} ${path} cannot be written (${codeOf(thrown)})`)
  }
}

async function claim(next: string, { holds }: OperatorFile, waitMs: number): Promise<number> {
  for (let waited = 0; ; waited += 20) {
    try {
      return openSync(next, 'wx', 0o600)
    } catch (thrown) {
      if (codeOf(thrown) !== 'EEXIST') throw thrown
      if (waited >= waitMs)
        throw new RangeError(`Another command is changing ${holds}; if none is running, remove ${next}`)
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
export function mustBePrivate(
  stats: Pick<Stats, 'isFile' | 'uid' | 'gid' | 'mode' | 'size'>,
  path: string,
  { name, maxBytes }: OperatorFile,
  uid: number,
  gid = process.getegid?.() ?? -1,
): void {
  if (!stats.isFile()) throw new RangeError(`${name} ${path} must be a regular file`)
  if (stats.size > maxBytes) throw new RangeError(`${name} ${path} must be at most ${maxBytes} bytes`)
  // A secret volume of Kubernetes is root's with the pod's fsGroup: this user can read it and never write it.
  if (uid !== 0 && stats.uid === 0 && stats.gid === gid && (stats.mode & 0o777 & ~0o700) === 0o040) return
  if (stats.uid !== uid) throw new RangeError(`${name} ${path} must belong to user ${uid}, not ${stats.uid}`)
  if ((stats.mode & 0o077) !== 0) throw new RangeError(`${name} ${path} must be closed to group and others: chmod 600`)
}

function unusable(thrown: unknown, path: string, { name }: OperatorFile): undefined {
  if (thrown instanceof RangeError) throw thrown
  const code = codeOf(thrown)
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
  throw new RangeError(`${name} ${path} cannot be read (${code})`)
}

export const stampOf = ({ ino, size, mtimeMs, ctimeMs }: Stats) => `${ino} ${size} ${mtimeMs} ${ctimeMs}`
const codeOf = (thrown: unknown) => (thrown as NodeJS.ErrnoException).code ?? 'unknown'
