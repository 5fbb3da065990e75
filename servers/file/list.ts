// list_directory: one directory, a page at a time.
import type { Result } from '@hardened-mcp/security-core'
import { itemBudget, payloadBytes } from './answer-budget.ts'
import { nameWindow } from './directory.ts'
import { mustBeDirectory } from './entry-rules.ts'
import { type ListedEntry, type Listing, listedEntry } from './listing.ts'
import type { Entry } from './walk.ts'

const PAGE_ENTRIES = 1_000 // with names of 40 bytes about as much as 64 KiB hold

export function list(
  listing: Listing,
  entry: Entry,
  options: Readonly<{ cursor: string | undefined; outputBytes: number }>,
): Result {
  mustBeDirectory(listing.root, entry)
  const { cursor } = options
  const { names, more, unspeakable } = nameWindow(entry.fd, cursor, PAGE_ENTRIES)
  const fits = itemBudget(payloadBytes(options.outputBytes))
  const entries: ListedEntry[] = []
  let reason: 'bytes' | 'entries' | undefined = more ? 'entries' : undefined
  let last = cursor
  for (const named of names) {
    const listed = listedEntry(listing, entry.fd, named, [...entry.segments, named.name])
    if (listed !== undefined && !fits(listed)) {
      reason = 'bytes'
      break
    }
    if (listed !== undefined) entries.push(listed)
    last = named.name
  }
  const text = JSON.stringify({
    entries,
    ...(unspeakable > 0 && cursor === undefined ? { omitted: unspeakable } : {}),
    ...(reason === undefined ? {} : { truncated: { reason, next: last } }),
  })
  return { text, rows: entries.length, truncated: reason !== undefined }
}
