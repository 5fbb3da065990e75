// Question: can a query reach behind a view that was granted in place of what it hides?
// Threat:   conditions and full-text functions that SQLite moves inside the view, where they run on hidden rows and columns (errors as oracle, `title MATCH 'body:x'`).
// Rule:     a granted view over anything not granted whole, and a virtual table granted by columns, is materialised before the query touches it.
// Limits:   costs a full pass over such a view in each query. Says nothing about time as a side channel.
// Proof:    fence.test.ts
import type { Catalogue, Exposed } from './catalogue.ts'
import type { Engine } from './open-database.ts'
import { quoted } from './skeleton.ts'
import { TABLE_FUNCTIONS } from './functions.ts'

export type Fenced = Readonly<{
  tables: Catalogue
  /** False when full-text data is hidden: snippet() and its kin take any open cursor by its number. */
  search: boolean
}>

/** Marks what needs a fence. To be called before the TEMP VIEWs exist. */
export function fence(engine: Engine, catalogue: Catalogue): Fenced {
  const whole = new Set<string>()
  for (const table of catalogue.values()) {
    if (table.kind !== 'view' && !table.limited) for (const page of opens(engine, table)) whole.add(page)
  }
  // json_each and its kin read their own argument: a view that calls one hides nothing by it.
  for (const name of TABLE_FUNCTIONS) for (const page of opened(engine, `${name}('[]')`)) whole.add(page)
  const filtered = new Set(
    [...catalogue.values()].filter(({ filter }) => filter !== '').flatMap((each) => opens(engine, each)),
  )
  let search = true
  const judge = (table: Exposed): Exposed => {
    if (table.kind === 'view' && table.filter === '' && opens(engine, table).some((page) => filtered.has(page)))
      throw new RangeError(`View ${table.name} reads a table that has a row filter, so it needs a filter of its own`)
    const hidden =
      table.kind === 'table' ? [] : opens(engine, table).filter((page) => table.limited || !whole.has(page))
    if (hidden.some((page) => page.startsWith('v'))) search = false
    return hidden.length === 0 ? table : { ...table, limited: true, fenced: true }
  }
  const tables = new Map([...catalogue].map(([key, table]) => [key, judge(table)]))
  return { tables, search }
}

// What the table's program opens: root pages as their table's name, virtual tables as the engine's own mark.
const opens = (engine: Engine, { name }: Exposed) => opened(engine, `main.${quoted(name)}`)

function opened(engine: Engine, source: string): readonly string[] {
  try {
    return engine.explain(`SELECT * FROM ${source}`).flatMap(({ opcode, p2, p4 }) => {
      if (opcode === 'OpenRead' || opcode === 'ReopenIdx') return [`table ${ownerOf(engine, p2)}`.toLowerCase()]
      return opcode === 'VOpen' ? [`v ${p4}`] : []
    })
  } catch {
    return [] // cannot be opened, and will be left out of the catalogue
  }
}

const ownerOf = (engine: Engine, page: number) =>
  engine.prepare<[number], string>('SELECT tbl_name FROM main.sqlite_schema WHERE rootpage = ?').pluck().get(page) ?? ''
