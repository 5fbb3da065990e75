// Question: may this opened thing be read?
// Threat:   a second name of an outside file (hard link), a bind mount, a pipe that blocks for ever, a device that acts when opened.
// Rule:     regular files with one name, and directories, on the root's own mount; everything else is refused by what it is.
// Limits:   where the kernel reports no mount id (gVisor) the device number is compared: a bind mount of the same device passes.
// Proof:    entry-rules.test.ts
import type { Stats } from 'node:fs'
import { mountOf } from './descriptors.ts'
import { type PathRule, pathDenial } from './path-rules.ts'
import type { OpenRoot } from './roots.ts'
import type { Entry } from './walk.ts'

export type EntryKind = 'file' | 'directory' | 'symlink' | 'other'

type Typed = Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink'>

export function kindOf(typed: Typed): EntryKind {
  if (typed.isFile()) return 'file'
  if (typed.isDirectory()) return 'directory'
  return typed.isSymbolicLink() ? 'symlink' : 'other'
}

/** Why an entry of this shape is not read, judged without opening it. */
export function shapeRule(root: OpenRoot, stats: Stats): PathRule | undefined {
  if (stats.isSymbolicLink()) return 'symlink'
  if (stats.isDirectory()) return undefined
  if (!stats.isFile()) return 'special'
  return stats.nlink > 1 && root.grant.hard_links === 'refuse' ? 'hard_link' : undefined
}

export function mustBeFile(root: OpenRoot, { fd, stats }: Pick<Entry, 'fd' | 'stats'>): void {
  const rule = shapeRule(root, stats)
  if (rule !== undefined) throw pathDenial(rule, 'refused by what it is')
  mustBeOnMount(root, fd, stats)
  if (!stats.isFile()) throw pathDenial('not_file', 'a directory')
}

export function mustBeDirectory(root: OpenRoot, { fd, stats }: Pick<Entry, 'fd' | 'stats'>): void {
  if (stats.isSymbolicLink()) throw pathDenial('symlink', 'refused by what it is')
  mustBeOnMount(root, fd, stats)
  if (!stats.isDirectory()) throw pathDenial('not_directory', 'no directory')
}

/** A walk without `..` never comes back to a mount it left, so the last descriptor answers for the whole way. */
export function mustBeOnMount(root: OpenRoot, fd: number, stats: Stats): void {
  const sameMount = root.mount === undefined ? stats.dev === root.device : mountOf(fd) === root.mount
  if (!sameMount) throw pathDenial('mount', 'the mount differs from the root')
}
