// Reads from the real database what the policy exposes: names, columns, keys. Everything else stays unnamed from here on.
import type { Engine } from './open-database.ts'
import type { DatabaseGrant } from './resources.ts'
import { rowFilter, type Whose } from './row-filter.ts'
import { tokensOf } from './token-scan.ts'

export type Column = Readonly<{
  name: string
  type: string
  notNull: boolean
  primaryKey: number
  fallback: string | null
  /** Of a virtual table: usable in conditions, not part of `*`. */
  hidden: boolean
  generated: boolean
}>
export type Kind = 'table' | 'view' | 'virtual'
export type Exposed = Readonly<{
  name: string
  kind: Kind
  columns: readonly Column[]
  /** True when only some columns or rows are granted: queries see a view in place of the table. */
  limited: boolean
  /** The condition that every row meets, or ''. */
  filter: string
  /** True when the query may only see it materialised: see fence.ts. */
  fenced: boolean
  /** True when an index of a limited table holds something hidden: rows would come in its order. */
  unindexed: boolean
  withoutRowid: boolean
  /** Whether describe_table may show values. */
  samples: boolean
  /** The CREATE statement as it was written. */
  ddl: string
  /** Those of the indexes of a table that is granted whole. */
  indexes: readonly string[]
}>
export type Catalogue = ReadonlyMap<string, Exposed>

// Modules whose tables hold their own data. fts5vocab, fts4aux and dbstat read other tables by name.
const MODULES: ReadonlySet<string> = new Set(['fts3', 'fts4', 'fts5', 'rtree', 'rtree_i32', 'geopoly'])

/** ASCII lower case, as SQLite compares names. */
export const nameKey = (name: string) => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** To be called inside a read transaction, before the stubs cover the pragma functions. */
export function readCatalogue(engine: Engine, granted: DatabaseGrant['tables'], tenant: Whose): Catalogue {
  const rules = granted === '*' ? undefined : rulesOf(granted, tenant)
  const catalogue = new Map<string, Exposed>()
  for (const row of tableRows(engine)) {
    const key = nameKey(row.name)
    if (rules !== undefined && !rules.has(key)) continue
    const exposed = exposedTable(engine, row, rules?.get(key))
    if (exposed !== undefined) catalogue.set(key, exposed)
  }
  return catalogue
}

/** Names of granted tables and columns that the database does not have: a mistake in the policy file. */
export function missingGrants(catalogue: Catalogue, granted: DatabaseGrant['tables']): readonly string[] {
  if (granted === '*') return []
  return Object.entries(granted).flatMap(([table, { columns = [] }]) => {
    const found = catalogue.get(nameKey(table))
    if (found === undefined) return [table]
    const names = new Set(found.columns.map((column) => nameKey(column.name)))
    return columns.filter((column) => !names.has(nameKey(column))).map((column) => `${table}.${column}`)
  })
}

type TableRow = Readonly<{ name: string; type: string; wr: number; sql: string | null }>

const tableRows = (engine: Engine) =>
  engine
    .prepare<[], TableRow>(
      `SELECT l.name, l.type, l.wr, s.sql FROM pragma_table_list l JOIN main.sqlite_schema s ON s.name = l.name AND s.type IN ('table', 'view')
       WHERE l.schema = 'main' AND l.type IN ('table', 'view', 'virtual') AND l.name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY l.name`,
    )
    .all()

type TableRule = Readonly<{ columns: readonly string[] | undefined; filter: string; samples: boolean }>

const rulesOf = (granted: Exclude<DatabaseGrant['tables'], '*'>, tenant: Whose) =>
  new Map(
    Object.entries(granted).map(([name, { columns, where, samples }]): [string, TableRule] => [
      nameKey(name),
      {
        columns: columns?.map(nameKey),
        filter: where === undefined ? '' : rowFilter(where, tenant),
        samples: samples === true,
      },
    ]),
  )

function exposedTable(engine: Engine, row: TableRow, rule: TableRule | undefined): Exposed | undefined {
  const kind = row.type as Kind
  if (kind === 'virtual' && !MODULES.has(moduleOf(row.sql ?? ''))) return undefined
  const all = columnsOf(engine, row.name)
  const only = rule?.columns
  const columns = only === undefined ? all : all.filter((column) => only.includes(nameKey(column.name)))
  if (columns.length === 0) return undefined
  const filter = rule?.filter ?? ''
  const limited = only !== undefined || filter !== ''
  return {
    name: row.name,
    kind,
    columns,
    limited,
    filter,
    fenced: filter !== '',
    unindexed: limited && kind === 'table' && hasHiddenIndex(engine, row.name, columns),
    samples: rule?.samples ?? false,
    withoutRowid: row.wr === 1,
    ddl: row.sql ?? '',
    indexes: limited || kind !== 'table' ? [] : indexesOf(engine, row.name),
  }
}

// `SELECT id FROM employees` may walk an index on the hidden salary, and so tell who earns more than whom.
function hasHiddenIndex(engine: Engine, table: string, columns: readonly Column[]): boolean {
  const shown = new Set(columns.map(({ name }) => nameKey(name)))
  return engine
    .prepare<[string], { cid: number; name: string | null }>(
      "SELECT x.cid, x.name FROM pragma_index_list(?, 'main') l, pragma_index_xinfo(l.name, 'main') x WHERE l.origin <> 'pk' OR x.key",
    )
    .all(table)
    .some(({ cid, name }) => cid !== ROWID && (name === null || !shown.has(nameKey(name))))
}

const ROWID = -1 // and -2 is an expression, which has no name

const indexesOf = (engine: Engine, table: string) =>
  engine
    .prepare<[string], string>(
      "SELECT sql FROM main.sqlite_schema WHERE type = 'index' AND tbl_name = ? COLLATE NOCASE AND sql IS NOT NULL",
    )
    .pluck()
    .all(table)

// CREATE VIRTUAL TABLE name USING module(…): SQLite stores the text as it was written.
function moduleOf(ddl: string): string {
  try {
    const tokens = tokensOf(ddl.replace(/\).*$/s, '').replace(/\(.*$/s, ''))
    const using = tokens.findIndex(({ kind, text }) => kind === 'word' && text.toUpperCase() === 'USING')
    return using === -1 ? '' : (tokens[using + 1]?.text.toLowerCase() ?? '')
  } catch {
    return ''
  }
}

type ColumnRow = Readonly<{
  name: string
  type: string
  notnull: number
  dflt_value: string | null
  pk: number
  hidden: number
}>

function columnsOf(engine: Engine, table: string): readonly Column[] {
  try {
    const rows = engine
      .prepare<[string], ColumnRow>(
        'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?, \'main\')',
      )
      .all(table)
    return rows.map((row) => ({
      name: row.name,
      type: row.type,
      notNull: row.notnull === 1,
      primaryKey: row.pk,
      fallback: row.dflt_value,
      hidden: row.hidden === 1,
      generated: row.hidden > 1,
    }))
  } catch {
    return [] // a view over something that is gone: it cannot be queried either
  }
}
