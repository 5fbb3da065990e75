// Answers list_tables and describe_table from the exposed catalogue alone.
import type { Budget, Result } from '@hardened-mcp/security-core/worker'
import { type Column, nameKey } from './catalogue.ts'
import type { Snapshot } from './guard.ts'
import { likeMatch } from './like-match.ts'
import { linksIn } from './links.ts'
import { nearestHint, nearestName } from './nearest-name.ts'
import type { DescribeOperation, ListOperation } from './operations.ts'
import { RULES, stop } from './refusals.ts'
import { commentsOf, rowsOf, samplesOf } from './table-facts.ts'

type Facts = Readonly<Record<string, unknown>>

/** One entry for each table that is exposed and fits the pattern. */
export function listed(database: string, snapshot: Snapshot, { pattern, detail }: ListOperation): readonly Facts[] {
  const { tables, engine } = snapshot
  return [...tables.values()]
    .filter(({ name }) => pattern === undefined || likeMatch(pattern, name))
    .map((table) => {
      const { name, kind, columns } = table
      if (detail === 'names') return { name, database }
      const summary = { name, kind, database, columns: columns.length }
      if (detail === 'summary') return summary
      const comment = commentsOf(engine, tables, table).table
      const names = columns.map((column) => column.name)
      return { ...summary, ...rowsOf(engine, table), ...(comment === '' ? {} : { comment }), column_names: names }
    })
}

/** Fits the rows into the answer budget, and says so when some are left out. */
export function listing(rows: readonly Facts[], spend: Budget): Result {
  const { texts, cut } = fit(rows, spend)
  const text = `{"tables":[${texts.join(',')}]${cut ? ',"truncated":{"reason":"entries"}' : ''}}`
  return { text, rows: texts.length, truncated: cut }
}

/** Throws `not_found` with one text for hidden and for missing tables; the nearest exposed name is offered. */
export function described({ database, table }: DescribeOperation, { tables, engine }: Snapshot, spend: Budget): Result {
  const found = tables.get(nameKey(table))
  if (found === undefined) {
    const nearest = nearestName(
      table,
      Array.from(tables.values(), ({ name }) => name),
    )
    throw stop('not_found', `${RULES.unknownTable}${nearestHint(nearest)}`, 'describe_table')
  }
  const comments = commentsOf(engine, tables, found)
  const samples = samplesOf(engine, found)
  const columns = found.columns.map((column) => ({
    ...columnFacts(column),
    ...(comments.of(column.name) === '' ? {} : { comment: comments.of(column.name) }),
    ...(samples.size === 0 ? {} : { samples: samples.get(column.name) }),
  }))
  const { texts, cut } = fit(columns, spend)
  const { foreignKeys, indexes } = linksIn(engine, tables)(found)
  const facts = {
    table: found.name,
    database,
    kind: found.kind,
    ...rowsOf(engine, found),
    ...(comments.table === '' ? {} : { comment: comments.table }),
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
