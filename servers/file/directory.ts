// The names of one directory in a fixed order, a window at a time: memory stays the same however many there are.
import { type Dirent, lstatSync, opendirSync } from 'node:fs'
import { again, errorCode, inside } from './descriptors.ts'
import { type EntryKind, kindOf } from './entry-rules.ts'
import { isSpeakable } from './path-syntax.ts'

export type NamedEntry = Readonly<{ name: string; kind: EntryKind }>

export type NameWindow = Readonly<{
  names: readonly NamedEntry[]
  /** More names follow the last one. */
  more: boolean
  /** Names that no path argument can say: control characters, or bytes that are not UTF-8. */
  unspeakable: number
}>

const READ_AHEAD = 512 // entries for each system call; the default of 32 costs a third more

/** The `most` smallest names behind `after`, in order of their UTF-16 units. */
export function nameWindow(dirFd: number, after: string | undefined, most: number): NameWindow {
  let kept: NamedEntry[] = []
  let found = 0
  const unspeakable = eachEntry(dirFd, (entry) => {
    if (after !== undefined && entry.name <= after) return
    found += 1
    kept.push({ name: entry.name, kind: kindOfEntry(dirFd, entry) })
    if (kept.length >= 2 * most) kept = kept.sort(byName).slice(0, most)
  })
  return { names: kept.sort(byName).slice(0, most), more: found > most, unspeakable }
}

/** Visits the entries in the order of the file system. Returns how many names no path argument can say. */
export function eachEntry(dirFd: number, visit: (entry: Dirent) => void): number {
  const directory = opendirSync(again(dirFd), { bufferSize: READ_AHEAD })
  let unspeakable = 0
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync())
      if (isSpeakable(entry.name)) visit(entry)
      else unspeakable += 1
  } finally {
    directory.closeSync()
  }
  return unspeakable
}

const byName = (a: NamedEntry, b: NamedEntry) => (a.name < b.name ? -1 : 1)

// Some file systems leave the type out of the directory; then the entry itself is asked.
function kindOfEntry(dirFd: number, entry: Dirent): EntryKind {
  const kind = kindOf(entry)
  if (kind !== 'other' || entry.isFIFO() || entry.isSocket() || entry.isBlockDevice() || entry.isCharacterDevice())
    return kind
  try {
    return kindOf(lstatSync(inside(dirFd, entry.name)))
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown
    return 'other' // gone, or not to be looked at
  }
}
