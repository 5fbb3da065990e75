// Question: is there a moment at which a name holds half a file, or somebody else's file is gone?
// Threat:   a crash, a full disk or a second writer in the middle of a write, a move or a delete.
// Rule:     contents are whole and durable before they get their name, by one link or rename; what was taken away is looked at, and put
//           back when it is not what was judged.
// Limits:   owner and group of a replaced file become the server's; its mode is kept. Extended attributes are not.
// Proof:    write.test.ts, write-crash.test.ts, disk-full.test.ts, race.test.ts
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { Denial } from '@hardened-mcp/security-core/worker'
import { again, errorCode, inside } from './descriptors.ts'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_SYNC, O_WRONLY } = constants
const NO_LINKS: readonly unknown[] = ['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EMLINK'] // FAT, some FUSE, files of another owner

/** A directory held by descriptor, and a name in it. */
export type Spot = Readonly<{ dirFd: number; name: string }>

/** What makes one state of a file: whoever changes the file changes one of them. */
export type Identity = Readonly<{ ino: bigint; dev: bigint; mtimeNs: bigint; ctimeNs: bigint; size: bigint }>

const at = ({ dirFd, name }: Spot) => inside(dirFd, name)
export const freshName = (kind: string) => `${kind}-${randomBytes(9).toString('hex')}`
export const identityAt = (spot: Spot): Identity => lstatSync(at(spot), { bigint: true })

/** The file as `bytes`, on the disk, under a name that nobody is shown. */
export function stage(tmpFd: number, bytes: Uint8Array, mode: number | undefined): Spot {
  const spot = { dirFd: tmpFd, name: freshName('file') }
  // O_SYNC: under Node's permission flags there is no fsync; each write returns when data, length and mode are durable.
  const fd = openSync(at(spot), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_SYNC, 0o666)
  try {
    if (mode !== undefined) chmodSync(again(fd), mode & 0o777)
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
    return spot
  } catch (thrown) {
    unlinkSync(at(spot))
    throw thrown
  } finally {
    closeSync(fd)
  }
}

/** Gives the file its name if nothing bears it. The old name is gone afterwards. */
export function placeNew(from: Spot, to: Spot): void {
  placeLink(from, to)
  discard(from)
}

/** Gives the file a second name if nothing bears it. False where there are no links: the old name is gone then. */
export function placeLink(from: Spot, to: Spot): boolean {
  try {
    linkSync(at(from), at(to))
    return true
  } catch (thrown) {
    if (!NO_LINKS.includes(errorCode(thrown))) throw thrown
    closeSync(openSync(at(to), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)) // nothing is replaced but this
    renameSync(at(from), at(to))
    return false
  }
}

/** Puts the file in the place of the one that was judged, if that is still there as it was. */
export function placeOver(from: Spot, to: Spot, judged: Identity): void {
  if (!isSame(identityAt(to), judged)) throw changed()
  renameSync(at(from), at(to))
}

/** A directory changes its name, and takes no other's: an empty one that was made for it is all that is replaced. */
export function placeDirectory(from: Spot, to: Spot): void {
  mkdirSync(at(to))
  try {
    renameSync(at(from), at(to))
  } catch (thrown) {
    rmdirSync(at(to))
    throw thrown
  }
}

/** Takes away the entry that was judged. Another that has come in its place is put back. */
export function take(from: Spot, to: Spot, judged: Pick<Identity, 'ino' | 'dev'>): void {
  renameSync(at(from), at(to))
  const taken = lstatSync(at(to), { bigint: true })
  if (taken.ino === judged.ino && taken.dev === judged.dev) return
  if (taken.isDirectory()) placeDirectory(to, from)
  else placeNew(to, from)
  throw changed()
}

/** Ends a file, or an empty directory. */
export function remove(spot: Spot): void {
  if (lstatSync(at(spot)).isDirectory()) rmdirSync(at(spot))
  else unlinkSync(at(spot))
}

/** Takes back what was staged and got no name; it may be gone already. */
export function discard(spot: Spot): void {
  try {
    unlinkSync(at(spot))
  } catch (thrown) {
    if (errorCode(thrown) !== 'ENOENT') throw thrown
  }
}

const isSame = (a: Identity, b: Identity) =>
  a.ino === b.ino && a.dev === b.dev && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.size === b.size

export const changed = () => new Denial('conflict', 'The entry was changed or replaced since it was judged')
