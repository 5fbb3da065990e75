// Where a page begins and whether another can follow: a cursor is given only for what will come again in the same order.
import { createHash } from 'node:crypto'
import type { Bound } from './bind-params.ts'
import { type Binding, type Cursors, DATA_BYTES } from './cursor.ts'
import type { Judged, Snapshot } from './guard.ts'
import type { QueryOperation } from './operations.ts'
import { stop } from './refusals.ts'
import type { Page } from './run-query.ts'
import type { Token } from './token-scan.ts'

/** Reads the cursor of the operation, if there is one, and says how the next one would be made. */
export function paging(
  { cursor, sql, params, database, caller }: QueryOperation,
  { tokens }: Judged,
  bound: Bound,
  snapshot: Pick<Snapshot, 'engine' | 'stamp'>,
  cursors: Cursors,
): Pick<Page, 'skip' | 'next'> {
  const binding: Binding = { caller, database, sql, params }
  const next = (skip: number) => {
    const data = repeatable(tokens, bound) ? fingerprint(sql, bound, snapshot) : undefined
    return data === undefined ? undefined : cursors.mint(binding, data, skip)
  }
  if (cursor === undefined) return { skip: 0, next }
  const data = fingerprint(sql, bound, snapshot)
  if (data === undefined) throw stop('busy', 'The database is being written; try again')
  return { skip: cursors.read(cursor, binding, data), next }
}

// The order of rows follows from the rows and from the plan, which another worker may have made with other statistics.
function fingerprint(
  sql: string,
  bound: Bound,
  { engine, stamp }: Pick<Snapshot, 'engine' | 'stamp'>,
): Buffer | undefined {
  const rows = stamp()
  if (rows === undefined) return undefined
  const plan = engine
    .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...bound)
    .map(({ detail }) => detail)
  return createHash('sha256').update(rows).update(JSON.stringify(plan)).digest().subarray(0, DATA_BYTES)
}

const CHANGES: ReadonlySet<string> = new Set([
  'random',
  'randomblob',
  'current_date',
  'current_time',
  'current_timestamp',
])
const DATES: ReadonlySet<string> = new Set(['date', 'time', 'datetime', 'julianday', 'unixepoch'])
const NOW = /^'?now'?$/i

// lang_datefunc.html §2: the clock is read for 'now', and for a date function without arguments.
function repeatable(tokens: readonly Token[], bound: Bound): boolean {
  const clocked = tokens.some(({ kind, text }, index) => {
    if (kind === 'text') return NOW.test(text)
    if (kind !== 'word') return false
    const name = text.toLowerCase()
    if (CHANGES.has(name)) return true
    return DATES.has(name) && tokens[index + 1]?.text === '(' && tokens[index + 2]?.text === ')'
  })
  const values = bound.flatMap((value) => (isRecord(value) ? Object.values(value) : [value]))
  return !clocked && !values.some((value) => typeof value === 'string' && NOW.test(value))
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Buffer.isBuffer(value)
