// For the tests: a database that holds what a policy exposes of another one, and nothing else. There is nothing in it to leak.
import Database from 'better-sqlite3'
import { vectors } from '../fixture.ts'

type Grant = Readonly<{ columns?: readonly string[] }>
type Column = Readonly<{ name: string; type: string }>

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** Copies what the policy `name` of policies.json exposes of `file` into memory: views and limited tables as tables, the others by their own DDL. */
export function exposedCopy(file: string, name: string): Database.Database {
  const source = new Database(file, { readonly: true })
  const copy = new Database(':memory:')
  const grants = (vectors('policies.json') as Record<string, Record<string, Grant>>)[name] ?? {}
  copy.pragma('foreign_keys=0') // the tables at the other end may be hidden
  for (const [table, { columns }] of Object.entries(grants)) copyTable(source, copy, table, columns)
  source.close()
  return copy
}

function copyTable(source: Database.Database, copy: Database.Database, table: string, only?: readonly string[]): void {
  const { type, sql } = source
    .prepare<[string], { type: string; sql: string }>('SELECT type, sql FROM sqlite_schema WHERE name = ?')
    .get(table) ?? { type: '', sql: '' }
  const all = source
    .prepare<[string], Column & { hidden: number }>('SELECT name, type, hidden FROM pragma_table_xinfo(?)')
    .all(table)
  const shown = all.filter((column) => only?.includes(column.name) ?? true)
  const isWhole = type === 'table' && only === undefined
  copy.exec(isWhole ? sql : `CREATE TABLE ${quoted(table)} (${shown.map(declared).join(', ')})`)
  if (isWhole) for (const index of indexesOf(source, table)) copy.exec(index)
  // Generated columns and the hidden ones of a virtual table take no values.
  const stored = isWhole ? shown.filter(({ hidden }) => hidden === 0) : shown
  const list = stored.map((column) => quoted(column.name)).join(', ')
  const rowid = /using fts/i.test(sql) ? 'rowid, ' : ''
  const marks = [...(rowid === '' ? [] : ['?']), ...stored.map(() => '?')].join(', ')
  const insert = copy.prepare(`INSERT INTO ${quoted(table)} (${rowid}${list}) VALUES (${marks})`)
  const rows = source.prepare<[], unknown[]>(`SELECT ${rowid}${list} FROM ${quoted(table)}`)
  for (const row of rows.raw(true).safeIntegers(true).all()) insert.run(...row)
}

const indexesOf = (source: Database.Database, table: string) =>
  source
    .prepare<[string], string>(
      "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
    )
    .pluck()
    .all(table)

const declared = ({ name, type }: Column) => `${quoted(name)} ${type}`
