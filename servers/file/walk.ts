// Question: is the file that is opened the one that was judged, inside the root?
// Threat:   symbolic links, and names swapped for links between check and use (CVE-2025-53109; 5 % of reads escaped the reference server).
// Rule:     one name at a time below a directory descriptor, never through a link; an allowed link is read as text and walked the same way.
// Limits:   whoever may write outside and inside can still move files in. Root's descriptors stay on the directory opened at start.
// Proof:    walk.test.ts, race.test.ts
import { closeSync, fstatSync, readlinkSync, type Stats } from 'node:fs'
import { Denial } from '@hardened-mcp/security-core/worker'
import { errorCode, inside, openAny, openDirectory, openSameDirectory } from './descriptors.ts'
import { pathDenial } from './path-rules.ts'
import type { OpenRoot } from './roots.ts'

/** An O_PATH descriptor that is open while `use` runs, what it is, and the names that led to it without a link. */
export type Entry = Readonly<{ fd: number; stats: Stats; segments: readonly string[] }>

const MAX_LINKS = 16 // the kernel follows 40; nobody needs more than a few
const MAX_FOLLOWED_DEPTH = 256 // each level holds a descriptor, so that `..` in a link can go back

/** Walks to the entry, hands it to `use`, and closes every descriptor whatever happens. Synchronous on purpose. */
export function withEntry<T>(root: OpenRoot, segments: readonly string[], use: (entry: Entry) => T): T {
  const trail: Step[] = []
  try {
    const entry = walk(root, segments, trail)
    return use(entry)
  } finally {
    for (const { fd } of trail) closeSync(fd)
  }
}

type Step = Readonly<{ fd: number; name: string }>

// Every descriptor that is opened goes on the trail at once, so that the caller's `finally` closes it.
function walk(root: OpenRoot, segments: readonly string[], trail: Step[]): Entry {
  const mayFollow = root.grant.symlinks === 'follow-inside'
  const ahead = segments.toReversed()
  const behind: string[] = [] // names whose descriptors are closed already
  let links = 0
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (name === '..') {
      stepBack(trail) // only a link's text brings one here; the path syntax refuses it
      continue
    }
    const here = trail.at(-1)?.fd ?? root.fd
    const isLast = ahead.length === 0
    const { fd, stats } = isLast ? openLast(here, name) : openOnTheWay(here, name)
    trail.push({ fd, name })
    if (stats?.isSymbolicLink() && (mayFollow || !isLast)) {
      if (!mayFollow) throw pathDenial('symlink', 'a directory on the way is a link')
      if (++links > MAX_LINKS) throw pathDenial('symlink', 'too many links')
      stepBack(trail)
      ahead.push(...linkedNames(root, here, name, trail))
      continue
    }
    if (isLast && stats !== undefined) return { fd, stats, segments: [...behind, ...trail.map((step) => step.name)] }
    if (!mayFollow) behind.push(...closeAllButLast(trail))
    else if (trail.length > MAX_FOLLOWED_DEPTH) throw new Denial('too_large', 'the path is too deep to follow links')
  }
  const fd = openSameDirectory(trail.at(-1)?.fd ?? root.fd)
  const names = [...behind, ...trail.map((step) => step.name)]
  trail.push({ fd, name: '.' })
  return { fd, stats: fstatSync(fd), segments: names }
}

type Opened = Readonly<{ fd: number; stats?: Stats }>

function openLast(dirFd: number, name: string): Opened {
  const fd = openAny(dirFd, name)
  return { fd, stats: fstatSync(fd) }
}

// What opens as a directory needs no second look. ENOTDIR may be a link, which is then opened itself.
function openOnTheWay(dirFd: number, name: string): Opened {
  try {
    return { fd: openDirectory(dirFd, name) }
  } catch (thrown) {
    if (errorCode(thrown) !== 'ENOTDIR') throw thrown
    const opened = openLast(dirFd, name)
    if (opened.stats?.isSymbolicLink()) return opened
    closeSync(opened.fd)
    throw thrown
  }
}

function stepBack(trail: Step[]): void {
  const step = trail.pop()
  if (step === undefined) throw pathDenial('symlink', 'a link leads above the root')
  closeSync(step.fd)
}

// The target is only text: what it names is opened by the same walk, so a swap in between changes which inside file is found.
function linkedNames(root: OpenRoot, dirFd: number, name: string, trail: Step[]): readonly string[] {
  const target = readlinkSync(inside(dirFd, name))
  const names = target.split('/').filter((part) => part !== '' && part !== '.')
  if (!target.startsWith('/')) return names.toReversed()
  if (!root.realNames.every((part, i) => part === names[i])) throw pathDenial('symlink', 'a link leads outside')
  while (trail.length > 0) stepBack(trail)
  return names.slice(root.realNames.length).toReversed()
}

function closeAllButLast(trail: Step[]): string[] {
  return trail.splice(0, trail.length - 1).map(({ fd, name }) => {
    closeSync(fd)
    return name
  })
}
