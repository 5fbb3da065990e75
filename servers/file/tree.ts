// Every entry below a directory, in a fixed order, by descriptor, without recursion, and from any point on.
import { closeSync, fstatSync } from 'node:fs'
import { Denial } from '@hardened-mcp/security-core/worker'
import { errorCode, openDirectory } from './descriptors.ts'
import { type NamedEntry, nameWindow } from './directory.ts'
import { mustBeOnMount } from './entry-rules.ts'
import type { OpenRoot } from './roots.ts'

/** `segments` are the names below the start. */
export type Visited = Readonly<{ dirFd: number; entry: NamedEntry; segments: readonly string[] }>

export type Tree = Readonly<{
  /** The next entry, parents before their children. */
  next(): Visited | undefined
  /** Directories that were not entered: too deep, another mount, no permission, too many open at once. */
  skipped(): Readonly<{ depth: number; closed: number }>
  /** Names seen that no path argument can say. */
  omitted(): number
  close(): void
}>

const MAX_DEPTH = 96 // each level holds one descriptor; deeper trees are searched from a deeper start
const HELD_NAMES = 65_536 // over all open levels: some 10 MB
const FEWEST_NAMES = 256

type Level = {
  fd: number
  own: boolean
  segments: readonly string[]
  names: readonly NamedEntry[]
  at: number
  more: boolean
}

/** `after` is the last entry of an earlier walk. `mayEnter` must answer alike in both, or entries are lost in between. */
export function tree(options: {
  root: OpenRoot
  startFd: number
  after: readonly string[]
  mayEnter: (segments: readonly string[]) => boolean
}): Tree {
  const levels: Level[] = []
  const skipped = { depth: 0, closed: 0 }
  let omitted = 0

  function read(fd: number, after: string | undefined): Pick<Level, 'names' | 'at' | 'more'> {
    const held = levels.reduce((sum, { names }) => sum + names.length, 0)
    const { names, more, unspeakable } = nameWindow(fd, after, Math.max(FEWEST_NAMES, HELD_NAMES - held))
    if (after === undefined) omitted += unspeakable
    return { names, at: 0, more }
  }

  function enter(dirFd: number, segments: readonly string[], after: string | undefined): boolean {
    const name = segments.at(-1) ?? ''
    if (!options.mayEnter(segments)) return false
    if (levels.length >= MAX_DEPTH) {
      skipped.depth += 1
      return false
    }
    let fd: number | undefined
    try {
      fd = openDirectory(dirFd, name)
      mustBeOnMount(options.root, fd, fstatSync(fd))
      levels.push({ fd, own: true, segments, ...read(fd, after) })
      return true
    } catch (thrown) {
      if (fd !== undefined) closeSync(fd)
      if (!(thrown instanceof Denial) && errorCode(thrown) === undefined) throw thrown
      // A directory that has just become something else is no longer there to be entered.
      if (!['ENOENT', 'ENOTDIR'].includes(errorCode(thrown) ?? '')) skipped.closed += 1
      return false
    }
  }

  levels.push({ fd: options.startFd, own: false, segments: [], ...read(options.startFd, options.after[0]) })
  for (let i = 0; i < options.after.length; i++) {
    const parent = levels.at(-1)
    if (parent === undefined || !enter(parent.fd, options.after.slice(0, i + 1), options.after[i + 1])) break
  }

  let pending: Visited | undefined // a directory that was handed out and is entered on the next call
  function next(): Visited | undefined {
    if (pending !== undefined) {
      const { dirFd, segments } = pending
      pending = undefined
      enter(dirFd, segments, undefined)
    }
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const entry = level.names[level.at++]
      if (entry !== undefined) {
        const visited = { dirFd: level.fd, entry, segments: [...level.segments, entry.name] }
        if (entry.kind === 'directory') pending = visited
        return visited
      }
      const last = level.names.at(-1)
      if (level.more && last !== undefined) {
        level.names = []
        Object.assign(level, read(level.fd, last.name))
      } else {
        levels.pop()
        if (level.own) closeSync(level.fd)
      }
    }
    return undefined
  }

  function close(): void {
    for (const { fd, own } of levels.splice(0)) if (own) closeSync(fd)
  }
  return { next, close, skipped: () => ({ ...skipped }), omitted: () => omitted }
}
