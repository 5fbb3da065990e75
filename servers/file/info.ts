// get_file_info: what an entry is, without opening what is in it.
import type { Result } from '@hardened-mcp/security-core'
import { kindOf, mustBeOnMount, shapeRule } from './entry-rules.ts'
import { virtualPath } from './path-syntax.ts'
import type { OpenRoot } from './roots.ts'
import type { Entry } from './walk.ts'

/** A link, pipe or device is described as itself; `denied` says that it would not be opened. */
export function info(root: OpenRoot, { fd, stats, segments }: Entry): Result {
  mustBeOnMount(root, fd, stats)
  const denied = shapeRule(root, stats)
  const answer = {
    path: virtualPath({ root: root.grant, segments }),
    type: kindOf(stats),
    size: stats.size,
    modified: stats.mtime.toISOString(),
    ...(stats.birthtimeMs > 0 ? { created: stats.birthtime.toISOString() } : {}),
    mode: (stats.mode & 0o7777).toString(8).padStart(4, '0'),
    writable: root.grant.writable,
    ...(denied === undefined ? {} : { denied }),
  }
  return { text: JSON.stringify(answer) }
}
