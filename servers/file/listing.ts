// One row of a listing: what the caller may know of an entry before it is opened.
import { lstatSync, type Stats } from 'node:fs'
import { errorCode, inside } from './descriptors.ts'
import type { NamedEntry } from './directory.ts'
import { type EntryKind, kindOf, shapeRule } from './entry-rules.ts'
import { type Place, virtualPath } from './path-syntax.ts'
import { namesAbove } from './policy.ts'
import type { OpenRoot } from './roots.ts'
import type { SecretTest } from './secret-names.ts'

/** `denied` says that the entry is there and will not be opened: a caller need not try, nor create it again. */
export type ListedEntry = Readonly<{ path: string; type: EntryKind; size?: number; denied?: 'secret' | 'hard_link' }>

export type Listing = Readonly<{ root: OpenRoot; secrets: SecretTest }>

export const isSecret = ({ root, secrets }: Listing, segments: readonly string[]) =>
  secrets.atEnd(segments, namesAbove(root.grant))

/** Undefined when the entry has vanished since its name was read. */
export function listedEntry(
  listing: Listing,
  dirFd: number,
  { name, kind }: NamedEntry,
  segments: Place<unknown>['segments'],
): ListedEntry | undefined {
  const { root } = listing
  const path = virtualPath({ root: root.grant, segments })
  if (isSecret(listing, segments)) return { path, type: kind, denied: 'secret' }
  if (kind !== 'file') return { path, type: kind }
  const stats = look(dirFd, name)
  if (stats === 'vanished') return undefined
  if (stats === 'closed') return { path, type: kind }
  if (!stats.isFile()) return { path, type: kindOf(stats) } // swapped since its name was read
  if (shapeRule(root, stats) === 'hard_link') return { path, type: kind, denied: 'hard_link' }
  return { path, type: kind, size: stats.size }
}

// One entry that may not be looked at (a directory with `r` and without `x`, a broken disk) must not hide all others.
function look(dirFd: number, name: string): Stats | 'vanished' | 'closed' {
  try {
    return lstatSync(inside(dirFd, name), { throwIfNoEntry: false }) ?? 'vanished'
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown
    return 'closed'
  }
}
