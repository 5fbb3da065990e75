// What a search for content has found and spent, when it must stop, and the answer that says so.
import { Denial, type Result } from '@hardened-mcp/security-core/worker'
import { itemBudget } from './answer-budget.ts'
import type { LineMatch } from './line-matches.ts'
import type { Tree } from './tree.ts'

const READ_BYTES = 128 * 1024 * 1024 // in one call: two to four seconds
const MAX_VISITED = 200_000 // entries looked at in one call, as in search_files
const TIME_SHARE = 0.5 // of the deadline: one more file and one more line still fit

export type ContentMatch = LineMatch & Readonly<{ path: string }>

/** `line` is the line that has not been searched; without one, the entry has not been opened. */
export type Stop = Readonly<{ reason: 'bytes' | 'matches' | 'scan'; line?: number }>

export type ContentTally = Readonly<{
  read(bytes: number): void
  count(what: 'binary' | 'partial' | 'skipped'): void
  /** Asked before every entry. */
  entryStop(): Stop | undefined
  /** Asked for every line; takes its match when there is one and it fits. */
  lineStop(match: ContentMatch | undefined): Stop | undefined
  answer(stop: Stop | undefined, last: () => string, walk?: Tree): Result
}>

export function contentTally(options: {
  bytes: number
  most: number
  deadlineMs: number
  now: () => number
}): ContentTally {
  const stopAt = options.now() + options.deadlineMs * TIME_SHARE
  const fits = itemBudget(options.bytes)
  const matches: ContentMatch[] = []
  const counts = { binary: 0, partial: 0, skipped: 0 }
  let files = 0
  let read = 0
  let entries = 0
  let looks = 0

  // The first look never stops, so that every page makes progress.
  const isLate = () => looks++ > 0 && options.now() > stopAt

  function take(match: ContentMatch): Stop | undefined {
    if (matches.length >= options.most) return { reason: 'matches' }
    if (!fits(match)) {
      if (matches.length > 0) return { reason: 'bytes' }
      const { before: _, after: __, ...bare } = match
      if (!fits(bare)) throw new Denial('too_large', 'The answer does not hold one match')
      matches.push(bare)
    } else matches.push(match)
    return undefined
  }

  function answer(stop: Stop | undefined, last: () => string, walk?: Tree): Result {
    const { depth, closed } = walk?.skipped() ?? { depth: 0, closed: 0 }
    const omitted = walk?.omitted() ?? 0
    const skipped = counts.skipped + closed
    const next = { reason: stop?.reason, next: `${stop?.line ?? 0}:${last()}` }
    const truncated = stop === undefined ? (depth > 0 ? { reason: 'depth' } : undefined) : next
    const text = JSON.stringify({
      matches,
      files_searched: files,
      ...(counts.binary > 0 ? { binary: counts.binary } : {}),
      ...(counts.partial > 0 ? { partial: counts.partial } : {}),
      ...(skipped > 0 ? { skipped } : {}),
      ...(omitted > 0 ? { omitted } : {}),
      ...(truncated === undefined ? {} : { truncated }),
    })
    return { text, rows: matches.length, truncated: truncated !== undefined }
  }

  return {
    read(bytes) {
      files += 1
      read += bytes
    },
    count(what) {
      counts[what] += 1
    },
    entryStop: () => (isLate() || entries++ >= MAX_VISITED || read > READ_BYTES ? { reason: 'scan' } : undefined),
    lineStop: (match) => (isLate() ? { reason: 'scan' } : match === undefined ? undefined : take(match)),
    answer,
  }
}
