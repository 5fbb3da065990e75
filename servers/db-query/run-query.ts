// Question: how much of an answer leaves?
// Threat:   endless rows, 30 MB cells, results cut without a word, integers that lose digits.
// Rule:     rows are taken one at a time until the row or byte limit; long cells are cut; every cut is said; every value keeps its kind.
// Limits:   one row exists whole in memory before its cells are cut; the worker's memory budget bounds that.
// Proof:    run-query.test.ts
import type { Budget, Result } from '@hardened-mcp/security-core'
import type { Statement } from './open-database.ts'
import { stop } from './refusals.ts'

export const MAX_CELL_CHARS = 16_384
const RESERVED_BYTES = 256 // row_count, truncated, and a notice of the output filters

type Cut = 'rows' | 'bytes' | 'cell'

/** Steps the statement and builds the final JSON text once. */
export function runQuery(statement: Statement, bound: readonly unknown[], maxRows: number, spend: Budget): Result {
  const head = `{"columns":${columnsOf(statement)},"rows":[`
  let bytes = Buffer.byteLength(head) + RESERVED_BYTES
  if (bytes > spend.outputBytes) throw stop('too_large', 'The column names alone exceed the answer limit')
  const rows: string[] = []
  let cut: Cut | undefined
  for (const row of statement.iterate(...bound)) {
    if (rows.length === maxRows) {
      cut = 'rows'
      break
    }
    const text = `[${row.map(cellText).join(',')}]`
    bytes += Buffer.byteLength(text) + 1
    if (bytes > spend.outputBytes) {
      cut = 'bytes'
      break
    }
    if (row.some(isLong)) cut = 'cell'
    rows.push(text)
  }
  const truncated = cut === undefined ? '' : `,"truncated":{"reason":"${cut}"}`
  const text = `${head}${rows.join(',')}],"row_count":${rows.length}${truncated}}`
  return { text, rows: rows.length, truncated: cut !== undefined }
}

function columnsOf(statement: Statement): string {
  const columns = statement.columns().map(({ name, type }) => ({
    name: clip(name, 128),
    ...(type === null ? {} : { type: clip(type, 64) }),
  }))
  return JSON.stringify(columns)
}

const isLong = (value: unknown) =>
  (typeof value === 'string' && value.length > MAX_CELL_CHARS) ||
  (Buffer.isBuffer(value) && value.length > MAX_BLOB_BYTES)

const MAX_BLOB_BYTES = 12_288 // base64 makes this MAX_CELL_CHARS
const MAX_EXACT = BigInt(Number.MAX_SAFE_INTEGER)

function cellText(value: unknown): string {
  if (typeof value === 'string') return textCell(value)
  if (typeof value === 'bigint') return value <= MAX_EXACT && value >= -MAX_EXACT ? String(value) : `{"int":"${value}"}`
  // JSON has no infinities, and null would say that there is no value.
  if (typeof value === 'number')
    return Number.isFinite(value) ? String(value) : `{"real":"${value > 0 ? 'inf' : '-inf'}"}`
  if (Buffer.isBuffer(value)) return blobCell(value)
  return 'null'
}

const textCell = (value: string) =>
  value.length <= MAX_CELL_CHARS
    ? JSON.stringify(value)
    : JSON.stringify({ cut_text: clip(value, MAX_CELL_CHARS), chars: value.length })

const blobCell = (value: Buffer) =>
  JSON.stringify({
    blob_base64: value.toString('base64', 0, Math.min(value.length, MAX_BLOB_BYTES)),
    bytes: value.length,
    ...(value.length > MAX_BLOB_BYTES ? { cut: true } : {}),
  })

// Never between the halves of a surrogate pair: the text has to stay well-formed.
const clip = (text: string, chars: number) =>
  text.length <= chars
    ? text
    : text
        .slice(0, chars)
        .toWellFormed()
        .replace(/\ufffd$/, '')
