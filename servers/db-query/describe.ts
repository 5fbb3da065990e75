// Answers list_tables and describe_table from the exposed catalogue alone.
import type { Budget, Result } from '@hardened-mcp/security-core'
import { type Catalogue, type Column, type Exposed, nameKey } from './catalogue.ts'
import { likeMatch } from './like-match.ts'
import type { Engine } from './open-database.ts'
import { stop } from './refusals.ts'

export type Listed = Readonly<{ name: string; kind: string; database: string; columns: number }>

export const listed = (database: string, tables: Catalogue, pattern: string | undefined): readonly Listed[] =>
  [...tables.values()]
    .filter(({ name }) => pattern === undefined || likeMatch(pattern, name))
    .map(({ name, kind, columns }) => ({ name, kind, database, columns: columns.length }))

/** Fits the rows into the answer budget, and says so when some are left out. */
export function listing(rows: readonly Listed[], spend: Budget): Result {
  const { texts, cut } = fit(rows, spend)
  const text = `{"tables":[${texts.join(',')}]${cut ? ',"truncated":{"reason":"entries"}' : ''}}`
  return { text, rows: texts.length, truncated: cut }
}

/** Throws `not_found` with one text for hidden and for missing tables. */
export function described(database: string, table: string, tables: Catalogue, links: Links, spend: Budget): Result {
  const found = tables.get(nameKey(table))
  if (found === undefined) throw stop('not_found', 'No table of that name is available', 'describe_table')
  const { texts, cut } = fit(found.columns.map(columnFacts), spend)
  const { foreignKeys, indexes } = links(found)
  const facts = {
    table: found.name,
    database,
    kind: found.kind,
    ...(foreignKeys.length === 0 ? {} : { foreign_keys: foreignKeys }),
    ...(indexes.length === 0 ? {} : { indexes }),
    ...(cut ? { truncated: { reason: 'entries' } } : {}),
  }
  const text = `{"columns":[${texts.join(',')}],${JSON.stringify(facts).slice(1)}`
  if (Buffer.byteLength(text) > spend.outputBytes) throw stop('too_large', 'The description exceeds the answer limit')
  return { text, rows: texts.length, truncated: cut }
}

function fit(rows: readonly object[], spend: Budget): { texts: readonly string[]; cut: boolean } {
  const texts: string[] = []
  let bytes = spend.outputBytes / 8 // room for what stands around the rows
  for (const row of rows) {
    const text = JSON.stringify(row)
    bytes += Buffer.byteLength(text) + 1
    if (bytes > spend.outputBytes) return { texts, cut: true }
    texts.push(text)
  }
  return { texts, cut: false }
}

const columnFacts = (column: Column) => ({
  name: column.name,
  type: column.type,
  ...(column.notNull ? { not_null: true } : {}),
  ...(column.primaryKey > 0 ? { primary_key: column.primaryKey } : {}),
  ...(column.fallback === null ? {} : { default: column.fallback }),
  ...(column.generated ? { generated: true } : {}),
  ...(column.hidden ? { hidden: true } : {}),
})

type ForeignKey = Readonly<{ columns: readonly string[]; table: string; references: readonly string[] }>
type Index = Readonly<{ name: string; unique: boolean; columns: readonly string[] }>
type Links = (table: Exposed) => { foreignKeys: readonly ForeignKey[]; indexes: readonly Index[] }

/** Foreign keys and indexes whose every column, on both sides, is exposed: the others would name hidden things. */
export const linksIn =
  (engine: Pick<Engine, 'pragma'>, tables: Catalogue): Links =>
  (table) => ({
    foreignKeys: foreignKeysOf(engine, table).filter(
      (key) => shows(table, key.columns) && shows(tables.get(nameKey(key.table)), key.references),
    ),
    indexes: indexesOf(engine, table).filter((index) => index.columns.length > 0 && shows(table, index.columns)),
  })

const shows = (table: Exposed | undefined, columns: readonly string[]) =>
  table !== undefined && columns.every((name) => table.columns.some((column) => nameKey(column.name) === nameKey(name)))

type ForeignKeyRow = Readonly<{ id: number; table: string; from: string; to: string | null }>

function foreignKeysOf(engine: Pick<Engine, 'pragma'>, { name }: Exposed): readonly ForeignKey[] {
  const rows = engine.pragma(`main.foreign_key_list(${literal(name)})`) as readonly ForeignKeyRow[]
  return [...Map.groupBy(rows, ({ id }) => id).values()].map((parts) => ({
    columns: parts.map(({ from }) => from),
    table: parts[0]?.table ?? '',
    references: parts.flatMap(({ to }) => (to === null ? [] : [to])),
  }))
}

function indexesOf(engine: Pick<Engine, 'pragma'>, { name }: Exposed): readonly Index[] {
  const rows = engine.pragma(`main.index_list(${literal(name)})`) as readonly { name: string; unique: number }[]
  return rows.map((row) => ({ name: row.name, unique: row.unique === 1, columns: indexColumns(engine, row.name) }))
}

// An expression has no column name (null), and could hold a hidden column: such an index is left out.
function indexColumns(engine: Pick<Engine, 'pragma'>, index: string): readonly string[] {
  const rows = engine.pragma(`main.index_info(${literal(index)})`) as readonly { name: string | null }[]
  return rows.every(({ name }) => name !== null) ? rows.map(({ name }) => name ?? '') : []
}

// Names come from the catalogue of this very database, never from the caller.
const literal = (name: string) => `'${name.replaceAll("'", "''")}'`
