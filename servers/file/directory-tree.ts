// directory_tree: the names below a directory down to a depth, as one flat list, bounded by depth, entries, bytes and time.
import type { Result } from '@hardened-mcp/security-core/worker'
import { itemBudget, payloadBytes } from './answer-budget.ts'
import { mustBeDirectory } from './entry-rules.ts'
import { exclusion } from './exclusion.ts'
import { isSecret, type Listing } from './listing.ts'
import type { Task } from './operations.ts'
import { tree } from './tree.ts'
import type { Entry } from './walk.ts'

const MAX_VISITED = 200_000 // entries looked at in one call, as in search_files
const TIME_SHARE = 0.5 // of the deadline: a slow disk still leaves an answer

/** `entries` are paths below the start, a directory's with a slash at its end; `closed` are those that are never opened by their name or type. */
export function directoryTree(listing: Listing, start: Entry, { asked, spend, now }: Task<'tree'>): Result {
  mustBeDirectory(listing.root, start)
  const isExcluded = exclusion(listing, start, asked)
  const isHidden = (segments: readonly string[]) => isSecret(listing, [...start.segments, ...segments])
  let deeper = 0
  function mayEnter(segments: readonly string[]): boolean {
    if (isExcluded(segments, true) || isHidden(segments)) return false
    if (segments.length < asked.depth) return true
    deeper += 1
    return false
  }
  const walk = tree({ root: listing.root, startFd: start.fd, after: [], mayEnter })
  try {
    const stopAt = now() + spend.deadlineMs * TIME_SHARE
    const fits = itemBudget(payloadBytes(spend.outputBytes))
    const entries: string[] = []
    const closed: string[] = []
    let cut: 'bytes' | 'entries' | undefined
    for (let seen = 0, visited = walk.next(); visited !== undefined; visited = walk.next(), seen++) {
      if (seen >= MAX_VISITED || now() > stopAt) cut = 'entries'
      const { entry, segments } = visited
      const isDirectory = entry.kind === 'directory'
      const row = segments.join('/') + (isDirectory ? '/' : '')
      const isClosed = !(isDirectory || entry.kind === 'file') || isHidden(segments)
      if (cut === undefined && isExcluded(segments, isDirectory)) continue
      if (cut === undefined && !(fits(row) && (!isClosed || fits(row)))) cut = 'bytes'
      if (cut !== undefined) break
      entries.push(row)
      if (isClosed) closed.push(row)
    }
    const { depth, closed: skipped } = walk.skipped()
    const isDeeper = deeper + depth > 0
    const reason = cut ?? (isDeeper ? 'depth' : undefined)
    const text = JSON.stringify({
      entries,
      ...(closed.length > 0 ? { closed } : {}),
      ...(skipped > 0 ? { skipped } : {}),
      ...(walk.omitted() > 0 ? { omitted: walk.omitted() } : {}),
      ...(reason === undefined ? {} : { truncated: { reason, ...(isDeeper ? { not_entered: deeper + depth } : {}) } }),
    })
    return { text, rows: entries.length, truncated: reason !== undefined }
  } finally {
    walk.close()
  }
}
