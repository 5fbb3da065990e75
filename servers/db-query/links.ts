// Foreign keys and indexes of a table, as far as every name in them is exposed.
import { type Catalogue, type Exposed, nameKey } from './catalogue.ts'
import type { Engine } from './open-database.ts'

type ForeignKey = Readonly<{ columns: readonly string[]; table: string; references: readonly string[] }>
type Index = Readonly<{ name: string; unique: boolean; columns: readonly string[] }>
export type Links = (table: Exposed) => { foreignKeys: readonly ForeignKey[]; indexes: readonly Index[] }

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
