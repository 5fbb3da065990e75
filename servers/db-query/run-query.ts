// Question: how much of an answer leaves?
// Threat:   endless rows, 30 MB cells, results cut without a word, integers that lose digits.
// Rule:     rows are taken one at a time until the row or byte limit; long cells are cut; every cut is said; every value keeps its kind.
// Limits:   one row exists whole in memory before its cells are cut; the worker's memory budget bounds that.
// Proof:    run-query.test.ts
import type { Budget, Result } from '@hardened-mcp/security-core/worker'
import { clip, isLong } from './cells.ts'
import type { Format } from './formats.ts'
import type { Statement } from './open-database.ts'
import { stop } from './refusals.ts'
import { LAYOUTS } from './row-format.ts'

const RESERVED_BYTES = 320 // row_count, truncated with its cursor, and a notice of the output filters

type Cut = 'rows' | 'bytes' | 'cell'

/** Which part of the result is wanted, and how. */
export type Page = Readonly<{
  maxRows: number
  /** Rows that earlier pages have shown. They are stepped over again, under the same deadline. */
  skip: number
  format: Format
  /** The cursor for what follows `skip` rows; undefined when nothing can promise that it would fit on. */
  next(skip: number): string | undefined
}>

/** Steps the statement and builds the final JSON text once. */
export function runQuery(statement: Statement, bound: readonly unknown[], page: Page, spend: Budget): Result {
  const layout = LAYOUTS[page.format]
  const columns = columnsOf(statement)
  const head = `{"columns":${JSON.stringify(columns)},${layout.open(columns.map(({ name }) => name))}`
  let bytes = Buffer.byteLength(head) + RESERVED_BYTES
  if (bytes > spend.outputBytes) throw stop('too_large', 'The column names alone exceed the answer limit')
  const rows: string[] = []
  let skip = page.skip
  let cut: Cut | undefined
  for (const row of statement.iterate(...bound)) {
    if (skip > 0) {
      skip -= 1
      continue
    }
    if (rows.length === page.maxRows) {
      cut = 'rows'
      break
    }
    const text = layout.row(row)
    bytes += Buffer.byteLength(text) + layout.between.length
    if (bytes > spend.outputBytes) {
      cut = 'bytes'
      break
    }
    if (row.some(isLong)) cut = 'cell'
    rows.push(text)
  }
  // A page without a row would have a cursor to itself.
  if (cut === 'bytes' && rows.length === 0)
    throw stop('too_large', 'One row alone exceeds the answer limit; select fewer columns, or parts with substr()')
  const truncated = cut === undefined ? '' : `,"truncated":${truncation(cut, page, rows.length)}`
  const text = `${head}${rows.join(layout.between)}${layout.close},"row_count":${rows.length}${truncated}}`
  return { text, rows: rows.length, truncated: cut !== undefined }
}

function truncation(reason: Cut, page: Page, shown: number): string {
  const next = reason === 'cell' ? undefined : page.next(page.skip + shown)
  return JSON.stringify(next === undefined ? { reason } : { reason, next })
}

const columnsOf = (statement: Statement) =>
  statement.columns().map(({ name, type }) => ({
    name: clip(name, 128),
    ...(type === null ? {} : { type: clip(type, 64) }),
  }))
