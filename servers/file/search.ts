// search_files: names below a directory that match a glob, bounded by entries, depth, bytes and time.
import { Denial, type Result } from '@hardened-mcp/security-core/worker'
import { itemBudget, payloadBytes } from './answer-budget.ts'
import { mustBeDirectory } from './entry-rules.ts'
import { exclusion } from './exclusion.ts'
import { compileGlob } from './glob.ts'
import { isSecret, type ListedEntry, type Listing, listedEntry } from './listing.ts'
import type { Task } from './operations.ts'
import { isSpeakable } from './path-syntax.ts'
import { type Tree, tree } from './tree.ts'
import type { Entry } from './walk.ts'

const MAX_VISITED = 200_000 // entries looked at in one call: about a second
const TIME_SHARE = 0.5 // of the deadline: a slow disk still leaves an answer and a cursor

type Cut = Readonly<{ reason: 'bytes' | 'entries' | 'depth'; next?: string }>

export function search(listing: Listing, start: Entry, { asked, spend, now }: Task<'search'>): Result {
  mustBeDirectory(listing.root, start)
  const matches = compileGlob(asked.glob)
  const isExcluded = exclusion(listing, start, asked)
  const whole = (segments: readonly string[]) => [...start.segments, ...segments]
  const walk = tree({
    root: listing.root,
    startFd: start.fd,
    after: cursorNames(asked.cursor),
    mayEnter: (segments) => !isExcluded(segments, true) && !isSecret(listing, whole(segments)),
  })
  try {
    const stopAt = now() + spend.deadlineMs * TIME_SHARE
    const fits = itemBudget(payloadBytes(spend.outputBytes))
    const entries: ListedEntry[] = []
    let last = asked.cursor
    let cut: Cut | undefined
    for (let seen = 0, visited = walk.next(); visited !== undefined; visited = walk.next(), seen++) {
      if (seen >= MAX_VISITED || (seen > 0 && now() > stopAt)) {
        cut = cutAt('entries', last)
        break
      }
      const { dirFd, entry, segments } = visited
      if (matches(segments) && !isExcluded(segments, entry.kind === 'directory')) {
        const listed = listedEntry(listing, dirFd, entry, whole(segments))
        if (listed !== undefined && !fits(listed)) {
          cut = cutAt('bytes', last)
          break
        }
        if (listed !== undefined) entries.push(listed)
      }
      last = segments.join('/')
    }
    return answer(entries, walk, cut)
  } finally {
    walk.close()
  }
}

const cutAt = (reason: 'bytes' | 'entries', last: string | undefined): Cut =>
  last === undefined ? { reason } : { reason, next: last }

function answer(entries: readonly ListedEntry[], walk: Tree, cut: Cut | undefined): Result {
  const { depth, closed } = walk.skipped()
  const truncated: Cut | undefined = cut ?? (depth > 0 ? { reason: 'depth' } : undefined)
  const text = JSON.stringify({
    entries,
    ...(closed > 0 ? { skipped: closed } : {}),
    ...(walk.omitted() > 0 ? { omitted: walk.omitted() } : {}),
    ...(truncated === undefined ? {} : { truncated }),
  })
  return { text, rows: entries.length, truncated: truncated !== undefined }
}

// The names of a cursor are opened one by one, so they obey the same syntax as a path.
export function cursorNames(cursor: string | undefined): readonly string[] {
  const names = cursor?.split('/') ?? []
  if (names.some((name) => name === '' || name === '.' || name === '..' || !isSpeakable(name)))
    throw new Denial('invalid_input', 'The cursor is not one that a search returned', {
      says: 'The cursor must be the truncated.next of an earlier answer, unchanged',
    })
  return names
}
