// Question: can a value in a text table be taken for something else than this value?
// Threat:   cells that add columns, rows or markup (`|`, line breaks, `![](https://…)`); NULL read as '', text '12' as a number.
// Rule:     CSV quotes every text that could be read otherwise (RFC 4180); Markdown escapes what starts markup or ends a cell.
// Limits:   a spreadsheet may still read a CSV cell that starts with `=` as a formula: nothing is changed in the data.
// Proof:    row-format.test.ts
import { clip, isLong, jsonCell, MAX_BLOB_BYTES, MAX_CELL_CHARS } from './cells.ts'
import type { Format } from './formats.ts'

/** Pieces of the final JSON text: `open`, then rows with `between`, then `close`. */
export type Layout = Readonly<{
  open(columns: readonly string[]): string
  row(values: readonly unknown[]): string
  between: string
  close: string
}>

const inString = (text: string) => JSON.stringify(text).slice(1, -1)

const asText = (line: (cells: readonly string[]) => string, head: (names: readonly string[]) => string) => ({
  open: (columns: readonly string[]) => `"text":"${inString(head(columns))}`,
  row: (cells: readonly string[]) => inString(`\n${line(cells)}`),
})

const csvLine = (cells: readonly string[]) => cells.join(',')
const markdownLine = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const csv = asText(csvLine, (names) => csvLine(names.map(csvName)))
const markdown = asText(markdownLine, (names) =>
  [markdownLine(names.map(escaped)), markdownLine(names.map(() => '---'))].join('\n'),
)

export const LAYOUTS: Readonly<Record<Format, Layout>> = {
  json: {
    open: () => '"rows":[',
    row: (values) => `[${values.map(jsonCell).join(',')}]`,
    between: ',',
    close: ']',
  },
  csv: { open: csv.open, row: (values) => csv.row(values.map(csvCell)), between: '', close: '"' },
  markdown: { open: markdown.open, row: (values) => markdown.row(values.map(markdownCell)), between: '', close: '"' },
}

// What has a kind of its own without quotes: a text that looks like it is quoted, so that the kinds stay apart.
const OTHER_KIND = /^(?:[-+.]?[0-9]|[-+]?inf|base64:)/i
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/

function csvCell(value: unknown): string {
  if (typeof value !== 'string') return bare(value, '')
  const text = cut(value)
  return text === '' || NEEDS_QUOTES.test(text) || OTHER_KIND.test(text) ? csvQuoted(text) : text
}

const csvName = (name: string) => (name === '' || NEEDS_QUOTES.test(name) ? csvQuoted(name) : name)
const csvQuoted = (text: string) => `"${text.replaceAll('"', '""')}"`

function markdownCell(value: unknown): string {
  if (typeof value !== 'string') return bare(value, 'NULL')
  return value === 'NULL' ? '"NULL"' : escaped(cut(value))
}

// CommonMark §2.4: a backslash takes the meaning from ASCII punctuation. GFM §4.10: `|` ends a cell even in code.
const escaped = (text: string) => text.replace(/[\\`*_[\]<>|!~]/g, '\\$&').replace(/\r\n|\r|\n/g, '<br>')

const cut = (text: string) => (isLong(text) ? `${clip(text, MAX_CELL_CHARS)}… (${text.length} characters)` : text)

function bare(value: unknown, none: string): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : '-inf'
  if (!Buffer.isBuffer(value)) return none
  const shown = value.toString('base64', 0, Math.min(value.length, MAX_BLOB_BYTES))
  return `base64:${shown}${value.length > MAX_BLOB_BYTES ? `… (${value.length} bytes)` : ''}`
}
