// Question: what may be told of a table beside its columns?
// Threat:   comments that name hidden things; counts and values of rows or columns that this caller does not see.
// Rule:     a comment with a hidden name in it is left out; rows are counted of whole tables only; values are shown where the policy says so, read through the caller's own view.
// Limits:   a comment may describe hidden things in other words. Comments and values are text that others wrote.
// Proof:    describe.test.ts
import { type Catalogue, type Exposed, nameKey } from './catalogue.ts'
import { isLong } from './cells.ts'
import { ddlComments } from './ddl-comments.ts'
import type { Engine } from './open-database.ts'
import { quoted } from './skeleton.ts'

type Reader = Pick<Engine, 'pragma' | 'prepare'>
export type Comments = Readonly<{ table: string; of(column: string): string }>

/** The comments in the DDL of `table`, without those that name what `tables` does not hold. */
export function commentsOf(engine: Reader, tables: Catalogue, { kind, ddl }: Exposed): Comments {
  if (kind !== 'table' || !/--|\/\*/.test(ddl)) return { table: '', of: () => '' }
  const hidden = hiddenNames(engine, tables)
  const screened = (text: string) =>
    text.split(/[^\w$\u0080-\uffff]+/).some((word) => hidden.has(nameKey(word))) ? '' : text
  const { table, columns } = ddlComments(ddl)
  return { table: screened(table), of: (column) => screened(columns.get(nameKey(column)) ?? '') }
}

// Names that are exposed anywhere may be said everywhere: `id` is no secret because a hidden table has one too.
function hiddenNames(engine: Reader, tables: Catalogue): ReadonlySet<string> {
  const names = engine
    .prepare<[], string>("SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view')")
    .pluck()
    .all()
  const all = new Set(names.flatMap((name) => [nameKey(name), ...columnNames(engine, name)]))
  for (const { name, columns } of tables.values()) {
    all.delete(nameKey(name))
    for (const column of columns) all.delete(nameKey(column.name))
  }
  return all
}

function columnNames(engine: Reader, table: string): readonly string[] {
  try {
    const rows = engine.pragma(`main.table_xinfo('${table.replaceAll("'", "''")}')`) as readonly { name: string }[]
    return rows.map(({ name }) => nameKey(name))
  } catch {
    return [] // a view over something that is gone
  }
}

const MAX_COUNTED = 10_000 // about a millisecond

/** From the statistics of ANALYZE, or counted up to a limit. Empty where the caller does not see all rows. */
export function rowsOf(engine: Reader, { name, kind, filter }: Exposed): Readonly<Record<string, number>> {
  if (kind !== 'table' || filter !== '') return {}
  const known = statOf(engine, name)
  if (known !== undefined) return { row_estimate: known }
  const counted = engine
    .prepare<[], number>(`SELECT count(*) FROM (SELECT 1 FROM main.${quoted(name)} LIMIT ${MAX_COUNTED})`)
    .pluck()
    .get()
  return counted === MAX_COUNTED ? { rows_at_least: MAX_COUNTED } : { row_estimate: counted ?? 0 }
}

// The first number of `stat` counts the rows of one index; a partial index has fewer than the table.
function statOf(engine: Reader, table: string): number | undefined {
  try {
    const sql = 'SELECT max(CAST(stat AS INTEGER)) FROM main.sqlite_stat1 WHERE tbl = ? COLLATE NOCASE'
    return engine.prepare<[string], number | null>(sql).pluck().get(table) ?? undefined
  } catch {
    return undefined // never analysed
  }
}

const SAMPLED_ROWS = 20
const SAMPLES = 3
const MAX_SAMPLE_CHARS = 60

/** A few different values of each exposed column, as this caller sees the table; empty unless the policy grants it. */
export function samplesOf(
  engine: Reader,
  { name, samples, columns }: Exposed,
): ReadonlyMap<string, readonly unknown[]> {
  if (!samples) return new Map()
  const list = columns.map((column) => quoted(column.name)).join(', ')
  const rows = engine
    .prepare<[], unknown[]>(`SELECT ${list} FROM ${quoted(name)} LIMIT ${SAMPLED_ROWS}`)
    .raw(true)
    .all()
  const valuesAt = (index: number) => [...new Set(rows.map((row) => row[index]).filter(isPlain))].slice(0, SAMPLES)
  return new Map(columns.map((column, index) => [column.name, valuesAt(index)]))
}

const isPlain = (value: unknown) =>
  !isLong(value) && ((typeof value === 'string' && value.length <= MAX_SAMPLE_CHARS) || typeof value === 'number')
