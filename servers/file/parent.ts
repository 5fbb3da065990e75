// Question: in which directory is a name made, replaced or taken away?
// Threat:   a directory on the way that is swapped for a link between check and use: open-then-verify creates files outside.
// Rule:     the parent is walked to by descriptor and never through a link; a link that may be followed is resolved before, to names.
// Limits:   what bears the name in that directory is judged by the write itself, at the moment it is taken or replaced.
// Proof:    write.test.ts, race.test.ts
import { fstatSync, type Stats } from 'node:fs'
import { closing, errorCode, openAny } from './descriptors.ts'
import { mustBeDirectory } from './entry-rules.ts'
import { pathDenial } from './path-rules.ts'
import type { OpenRoot } from './roots.ts'
import { withEntry } from './walk.ts'

/** A held directory and a name in it; `segments` are the names that lead there without a link. */
export type Parent = Readonly<{ dirFd: number; name: string; segments: readonly string[] }>

/** `segments` must be free of links: see `linkFree`. */
export function withParent<T>(root: OpenRoot, segments: readonly string[], use: (parent: Parent) => T): T {
  const name = segments.at(-1)
  if (name === undefined) throw pathDenial('root', 'the root itself is not changed')
  let isFound = false
  try {
    return withEntry(strictly(root), segments.slice(0, -1), (directory) => {
      isFound = true
      mustBeDirectory(root, directory)
      return use({ dirFd: directory.fd, name, segments })
    })
  } catch (thrown) {
    if (!isFound && errorCode(thrown) === 'ENOENT') throw pathDenial('no_parent', 'a directory on the way is missing')
    throw thrown
  }
}

/** The names a path leads to once its links are followed; those behind the first missing one stay as they are. */
export function linkFree(root: OpenRoot, segments: readonly string[]): readonly string[] {
  if (root.grant.symlinks === 'refuse') return segments
  for (let known = segments.length; known > 0; known--) {
    try {
      const found = withEntry(root, segments.slice(0, known), (entry) => entry.segments)
      return [...found, ...segments.slice(known)]
    } catch (thrown) {
      if (errorCode(thrown) !== 'ENOENT') throw thrown
    }
  }
  return segments
}

/** What bears the name now, opened without being woken; `undefined` when nothing does. */
export function look<T>(
  { dirFd, name }: Parent,
  use: (found: Readonly<{ fd: number; stats: Stats }>) => T,
): T | undefined {
  let fd: number
  try {
    fd = openAny(dirFd, name)
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return undefined
    throw thrown
  }
  return closing(fd, () => use({ fd, stats: fstatSync(fd) }))
}

const strictly = (root: OpenRoot): OpenRoot => ({ ...root, grant: { ...root.grant, symlinks: 'refuse' } })
