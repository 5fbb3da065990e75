// Question: does the statement name only what the policy exposes?
// Threat:   hidden tables and columns reached by `*`, USING, NATURAL JOIN, ORDER BY, aliases, CTEs, subqueries, views, `main.`.
// Rule:     a private empty database holds the exposed names and nothing else; a statement that SQLite cannot prepare there is refused.
// Limits:   knows names, not effects: what the statement reads and writes is checked on the real connection.
// Proof:    skeleton.test.ts
import { type Catalogue, type Exposed, nameKey } from './catalogue.ts'
import { FUNCTIONS } from './functions.ts'
import { type Engine, openMemory } from './open-database.ts'
import { type Names, prepareFailure } from './prepare-failure.ts'

export type Skeleton = Readonly<{
  /** What could be built: a virtual table whose definition this SQLite does not accept is left out. */
  built: Catalogue
  prepare(sql: string): void
  close(): void
}>

export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** Tables granted by columns are TEMP VIEWs here as on the real connection, so that `main.name` exists in neither. */
export function skeleton(catalogue: Catalogue, functions: ReadonlySet<string> = FUNCTIONS): Skeleton {
  const engine = openMemory()
  engine.pragma('foreign_keys=0') // else a write is refused for the hidden table at the other end of a key, not for being one
  const built = new Map([...catalogue].filter(([, table]) => builds(engine, table)))
  const names = { ...namesOf(built), functions: [...functions] }
  return {
    built,
    prepare(sql) {
      try {
        engine.prepare(sql)
      } catch (thrown) {
        throw prepareFailure(thrown, names)
      }
    },
    close: () => engine.close(),
  }
}

/** The real counterpart of a limited table. SQLite moves no condition into a MATERIALIZED part. */
export function limitedView({ name, columns, fenced, unindexed, filter }: Exposed): string {
  const list = columns.map((column) => quoted(column.name)).join(', ')
  const from = `SELECT ${list} FROM main.${quoted(name)}${unindexed ? ' NOT INDEXED' : ''}`
  const part = filter === '' ? from : `${from} WHERE (${filter})`
  const body = fenced ? `WITH fenced AS MATERIALIZED (${part}) SELECT ${list} FROM fenced` : part
  return `CREATE TEMP VIEW ${quoted(name)} AS ${body}`
}

function builds(engine: Engine, table: Exposed): boolean {
  const whole = !table.limited && table.kind === 'table'
  if (!(whole && runs(engine, table.ddl)) && !runs(engine, ddlOf(table))) return false
  if (whole) for (const ddl of table.indexes) runs(engine, ddl) // for INDEXED BY; one that cannot be built is not there
  return true
}

// Definitions come from the database file. `prepare` takes one statement and no more, whatever a forged schema row holds.
function runs(engine: Engine, ddl: string): boolean {
  try {
    engine.prepare(ddl).run()
    return true
  } catch {
    return false
  }
}

// The names alone: of a whole table only where its own definition needs what the skeleton has not, such as an extension's function.
function ddlOf(table: Exposed): string {
  const columns = table.columns.map((column) => quoted(column.name))
  const nulls = columns.map((column) => `NULL AS ${column}`).join(', ')
  if (table.limited) return `CREATE TEMP VIEW ${quoted(table.name)} AS SELECT ${nulls}`
  if (table.kind === 'view') return `CREATE VIEW ${quoted(table.name)} AS SELECT ${nulls}`
  if (table.kind === 'virtual') return table.ddl
  const key = table.withoutRowid ? `, PRIMARY KEY (${columns[0] ?? ''})) WITHOUT ROWID` : ')'
  return `CREATE TABLE ${quoted(table.name)} (${columns.join(', ')}${key}`
}

function namesOf(catalogue: Catalogue): Omit<Names, 'functions'> {
  const tables = [...catalogue.values()]
  const columns = new Map(tables.flatMap((table) => table.columns.map(({ name }) => [nameKey(name), name] as const)))
  return { tables: tables.map(({ name }) => name), columns: [...columns.values()] }
}
