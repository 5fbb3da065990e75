// get_file_info: what an entry is, without opening what is in it.
import type { Result } from '@hardened-mcp/security-core/worker'
import { kindOf, mustBeOnMount, shapeRule } from './entry-rules.ts'
import { virtualPath } from './path-syntax.ts'
import type { OpenRoot } from './roots.ts'
import type { Entry } from './walk.ts'
import { hashOf, readWhole } from './whole-file.ts'

/** A link, pipe or device is described as itself; `denied` says that it would not be opened. */
export function info(root: OpenRoot, { fd, stats, segments }: Entry): Result {
  mustBeOnMount(root, fd, stats)
  const denied = shapeRule(root, stats)
  const answer = {
    path: virtualPath({ root: root.grant, segments }),
    type: kindOf(stats),
    size: stats.size,
    modified: timeOf(stats.mtimeMs),
    ...(stats.birthtimeMs > 0 ? { created: timeOf(stats.birthtimeMs) } : {}),
    mode: (stats.mode & 0o7777).toString(8).padStart(4, '0'),
    writable: root.grant.writable,
    ...(denied === undefined ? {} : { denied }),
    ...hashWhereWritten(root, { fd, stats }, denied),
  }
  return { text: JSON.stringify(answer) }
}

// A file system may bear times that no Date holds, and whoever owns the file sets them.
const timeOf = (ms: number) => new Date(Math.min(Math.max(ms, -8.64e15), 8.64e15)).toISOString()

// What a conditional write asks for. It costs reading the file, so only where files can be written at all.
function hashWhereWritten(
  root: OpenRoot,
  { fd, stats }: Pick<Entry, 'fd' | 'stats'>,
  denied: string | undefined,
): { hash?: string } {
  if (!root.grant.writable || denied !== undefined || !stats.isFile() || stats.size > root.grant.max_file_bytes)
    return {}
  return { hash: hashOf(readWhole(root, fd)) }
}
