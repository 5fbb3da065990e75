// When somebody last read an audit trail: the seam between the doctor and whoever does the review.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const NAME = 'last-review'

/**
 * When the trail in `dir` was last reviewed, in milliseconds; `undefined` when nobody said so. `reviewed` is the operator's own word,
 * else the file `last-review` in the directory; an ISO 8601 date stands at the front of either. Throws `RangeError` for a `reviewed` that is no date.
 */
export function reviewedAt(dir: string, reviewed: string | undefined): number | undefined {
  if (reviewed !== undefined) {
    const atMs = dateOf(reviewed)
    if (atMs === undefined) throw new RangeError(`--reviewed needs a date like 2026-11-24, got ${reviewed}`)
    return atMs
  }
  try {
    return dateOf(readFileSync(join(dir, NAME), 'utf8'))
  } catch {
    return undefined
  }
}

/** When the oldest segment of the trail was made; `undefined` when it cannot be seen. A trail that is younger than the interval needs no review yet. */
export function firstTime(dir: string): number | undefined {
  try {
    const births = readdirSync(dir)
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => statSync(join(dir, name)).birthtimeMs)
    return births.length === 0 || births.some((birth) => birth <= 0) ? undefined : Math.min(...births)
  } catch {
    return undefined
  }
}

function dateOf(text: string): number | undefined {
  const date = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z)?/.exec(text.trim())?.[0]
  const atMs = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(atMs) ? undefined : atMs
}
