// Question: does the statement name only what the policy exposes?
// Threat:   hidden tables and columns reached by `*`, USING, NATURAL JOIN, ORDER BY, aliases, CTEs, subqueries, views, `main.`.
// Rule:     a private empty database holds the exposed names and nothing else; a statement that SQLite cannot prepare there is refused.
// Limits:   knows names, not effects: what the statement reads and writes is checked on the real connection.
// Proof:    skeleton.test.ts
import { type Catalogue, type Exposed, nameKey } from './catalogue.ts'
import { nearestName } from './nearest-name.ts'
import { type Engine, openMemory } from './open-database.ts'
import { type Rule, refuse, stop } from './refusals.ts'

export type Skeleton = Readonly<{
  /** What could be built: a virtual table whose definition this SQLite does not accept is left out. */
  built: Catalogue
  prepare(sql: string): void
  close(): void
}>

export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** Tables granted by columns are TEMP VIEWs here as on the real connection, so that `main.name` exists in neither. */
export function skeleton(catalogue: Catalogue): Skeleton {
  const engine = openMemory()
  const built = new Map([...catalogue].filter(([, table]) => builds(engine, table)))
  const names = namesOf(built)
  return {
    built,
    prepare(sql) {
      try {
        engine.prepare(sql)
      } catch (thrown) {
        throw explain(thrown, names)
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
  try {
    engine.exec(ddlOf(table))
    return true
  } catch {
    return false
  }
}

function ddlOf(table: Exposed): string {
  const columns = table.columns.map((column) => quoted(column.name))
  const nulls = columns.map((column) => `NULL AS ${column}`).join(', ')
  if (table.limited) return `CREATE TEMP VIEW ${quoted(table.name)} AS SELECT ${nulls}`
  if (table.kind === 'view') return `CREATE VIEW ${quoted(table.name)} AS SELECT ${nulls}`
  if (table.kind === 'virtual') return table.ddl
  const key = table.withoutRowid ? `, PRIMARY KEY (${columns[0] ?? ''})) WITHOUT ROWID` : ')'
  return `CREATE TABLE ${quoted(table.name)} (${columns.join(', ')}${key}`
}

type Names = Readonly<{ tables: readonly string[]; columns: readonly string[] }>

function namesOf(catalogue: Catalogue): Names {
  const tables = [...catalogue.values()]
  const columns = new Map(tables.flatMap((table) => table.columns.map(({ name }) => [nameKey(name), name] as const)))
  return { tables: tables.map(({ name }) => name), columns: [...columns.values()] }
}

// What SQLite says of the skeleton holds exposed names and the caller's own text only. It is still sorted into fixed sentences.
const MESSAGES: readonly Readonly<{ pattern: RegExp; rule: Rule; near?: keyof Names }>[] = [
  { pattern: /^no such table: (.*)$/s, rule: 'unknownTable', near: 'tables' },
  { pattern: /^no such column: (.*)$/s, rule: 'unknownColumn', near: 'columns' },
  { pattern: /^cannot join using column (.*) - column not present/s, rule: 'unknownColumn', near: 'columns' },
  { pattern: /^no such function: /, rule: 'unknownFunction' },
  { pattern: /^wrong number of arguments to function/, rule: 'functionArguments' },
  { pattern: /^ambiguous column name/, rule: 'ambiguousColumn' },
  { pattern: /^misuse of /, rule: 'aggregateMisuse' },
  { pattern: /syntax error$|^incomplete input$|^unrecognized token/, rule: 'syntax' },
  { pattern: /number of result columns|columns but \d+ values|sub-select returns \d+ columns/, rule: 'columnCount' },
  { pattern: /more than one statement$/, rule: 'oneStatement' },
]

function explain(thrown: unknown, names: Names): Error {
  const message = thrown instanceof Error ? thrown.message : ''
  for (const { pattern, rule, near } of MESSAGES) {
    const match = pattern.exec(message)
    if (match === null) continue
    const wanted = near === undefined ? undefined : nearestName(lastPart(match[1] ?? ''), names[near])
    return refuse(rule, message, wanted === undefined ? '' : `; the nearest is ${wanted}`)
  }
  if (message === 'out of memory') return stop('too_large', 'The statement is too large to prepare', message)
  return refuse('notPrepared', message)
}

const lastPart = (name: string) => name.slice(name.lastIndexOf('.') + 1)
