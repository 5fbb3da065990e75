// list_directory: one directory, a page at a time.
import type { Result } from '@hardened-mcp/security-core/worker'
import { itemBudget, payloadBytes } from './answer-budget.ts'
import { nameWindow } from './directory.ts'
import { mustBeDirectory } from './entry-rules.ts'
import { type Listing, listedEntry } from './listing.ts'
import type { Task } from './operations.ts'
import { type OrderWindow, orderWindow } from './order-window.ts'
import type { Entry } from './walk.ts'

const TIME_SHARE = 0.5 // of the deadline: a slow disk still leaves a refusal that says what to do
const PAGE_ENTRIES = 1_000 // with names of 40 bytes about as much as 64 KiB hold

export function list(
  listing: Listing,
  entry: Entry,
  { asked: { cursor, sort = 'name' }, spend, now }: Task<'list'>,
): Result {
  mustBeDirectory(listing.root, entry)
  const { names, more, unspeakable } =
    sort === 'name'
      ? byName(entry, cursor)
      : orderWindow(listing, entry, {
          by: sort,
          cursor,
          most: PAGE_ENTRIES,
          now,
          stopAt: now() + spend.deadlineMs * TIME_SHARE,
        })
  const fits = itemBudget(payloadBytes(spend.outputBytes))
  const entries: object[] = []
  let reason: 'bytes' | 'entries' | undefined = more ? 'entries' : undefined
  let last = cursor
  for (const named of names) {
    const listed = listedEntry(listing, entry.fd, named, [...entry.segments, named.name])
    const row = listed === undefined ? undefined : { ...listed, ...named.shown }
    if (row !== undefined && !fits(row)) {
      reason = 'bytes'
      break
    }
    if (row !== undefined) entries.push(row)
    last = named.cursor
  }
  const text = JSON.stringify({
    entries,
    ...(unspeakable > 0 && cursor === undefined ? { omitted: unspeakable } : {}),
    ...(reason === undefined ? {} : { truncated: { reason, next: last } }),
  })
  return { text, rows: entries.length, truncated: reason !== undefined }
}

function byName(entry: Entry, cursor: string | undefined): OrderWindow {
  const { names, more, unspeakable } = nameWindow(entry.fd, cursor, PAGE_ENTRIES)
  return { names: names.map(({ name, kind }) => ({ name, kind, cursor: name, shown: {} })), more, unspeakable }
}
