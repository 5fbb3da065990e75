// The four tools: what a client may ask, and the operation that each question becomes.
import { type Budget, defineTool, type Principal, type ToolHints } from '@hardened-mcp/security-core'
import { z } from 'zod'
import { ROWS } from './flow.ts'
import { FORMATS } from './formats.ts'
import {
  type Caller,
  DETAILS,
  MAX_CURSOR_CHARS,
  MAX_ROWS,
  MAX_SQL_CHARS,
  type Operation,
  params,
} from './operations.ts'
import type { DatabaseGrant } from './resources.ts'

export const NEEDS = ['tool:read_only', 'resource:local'] as const
const BUDGET: Budget = { deadlineMs: 10_000, outputBytes: 65_536 }
const HINTS: ToolHints = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false }
export const COMMON = { needs: NEEDS, effect: 'read', yields: ROWS, budget: BUDGET, annotations: HINTS } as const

const DEFAULT_ROWS = 100 // one screen for a model

export const callerOf = ({ tenant, id, roles = new Set() }: Pick<Principal, 'tenant' | 'id' | 'roles'>): Caller =>
  roles.size === 0 ? { tenant, id } : { tenant, id, roles: [...roles].toSorted() }

/** How a database is named: `required` when there are several, and what stands for no name when there is one. */
export type Selectable = Readonly<{
  required: z.ZodType<string | undefined>
  optional: z.ZodType<string | undefined>
  only: string
}>

export function selectable(
  grants: readonly Pick<DatabaseGrant, 'name' | 'tenants' | 'callers' | 'roles'>[],
): Selectable {
  const [first, ...others] = grants.map(({ name }) => name)
  // A list in the schema would tell every caller the names that are there for some only.
  const open = grants.every(({ tenants, callers, roles }) => (tenants ?? callers ?? roles) === undefined)
  const known = first === undefined || !open ? z.string().max(64) : z.enum([first, ...others])
  const optional = known.optional()
  return { optional, required: others.length === 0 ? optional : known, only: first ?? '' }
}

/** Output of everything that answers rows. */
export const rowsOutput = z.object({
  columns: z.array(z.looseObject({ name: z.string() })),
  rows: z.array(z.array(z.unknown())).optional(),
  text: z.string().optional(),
  row_count: z.int(),
  truncated: z.looseObject({ reason: z.string() }).optional(),
})
export const rowsInput = (defaultRows: number, mostRows: number) => ({
  max_rows: z.int().min(1).max(mostRows).default(defaultRows),
  cursor: z.string().max(MAX_CURSOR_CHARS).optional().describe('truncated.next of the page before'),
  format: z.enum(FORMATS).default('json'),
})
const entries = z.array(z.looseObject({ name: z.string() }))
const cutEntries = z.looseObject({}).optional()

export const querySql = ({ required, only }: Selectable) =>
  defineTool({
    ...COMMON,
    name: 'query_sql',
    title: 'Query a database',
    description:
      'Runs one SELECT (also WITH or VALUES) on a SQLite database, without comments. Integers beyond 2^53 come as {"int"}, blobs as {"blob_base64","bytes"}, long cells as {"cut_text","chars"}. csv and markdown give text instead of rows. When truncated has next, repeat the query with it as cursor.',
    input: z.strictObject({
      sql: z.string().min(1).max(MAX_SQL_CHARS),
      params: params.optional().describe('Array for ? and ?1, object for :name'),
      database: required,
      ...rowsInput(DEFAULT_ROWS, MAX_ROWS),
    }),
    output: rowsOutput,
    plan: ({ sql, params = [], database = only, max_rows, cursor, format }, caller): Operation => ({
      op: 'query',
      caller: callerOf(caller),
      database,
      sql,
      params,
      maxRows: max_rows,
      format,
      ...(cursor === undefined ? {} : { cursor }),
    }),
  })

export const listTables = ({ optional }: Selectable) =>
  defineTool({
    ...COMMON,
    name: 'list_tables',
    title: 'List tables',
    description: 'Lists the tables and views that can be queried. pattern is a LIKE pattern (% and _).',
    input: z.strictObject({
      database: optional,
      pattern: z.string().max(128).optional(),
      detail: z.enum(DETAILS).default('summary'),
    }),
    output: z.object({ tables: entries, truncated: cutEntries }),
    plan: ({ database, pattern, detail }, caller): Operation => ({
      op: 'list_tables',
      caller: callerOf(caller),
      ...(database === undefined ? {} : { database }),
      ...(pattern === undefined ? {} : { pattern }),
      detail,
    }),
  })

export const describeTable = ({ required, only }: Selectable) =>
  defineTool({
    ...COMMON,
    name: 'describe_table',
    title: 'Describe a table',
    description: 'Columns, keys, foreign keys, indexes, comments and size of one table or view.',
    input: z.strictObject({ table: z.string().min(1).max(128), database: required }),
    output: z.looseObject({
      table: z.string(),
      database: z.string(),
      kind: z.string(),
      columns: z.array(z.looseObject({ name: z.string(), type: z.string() })),
      foreign_keys: z.array(z.looseObject({ table: z.string() })).optional(),
      indexes: entries.optional(),
      truncated: cutEntries,
    }),
    plan: ({ table, database = only }, caller): Operation => ({
      op: 'describe_table',
      caller: callerOf(caller),
      database,
      table,
    }),
  })

export const explainQuery = ({ required, only }: Selectable) =>
  defineTool({
    ...COMMON,
    name: 'explain_query',
    title: 'Explain a query',
    description: "Shows SQLite's plan for a query without running it.",
    input: z.strictObject({
      sql: z.string().min(1).max(MAX_SQL_CHARS),
      // Through `unknown`, so that the schema of the parameters stands in tools/list once.
      params: z.unknown().optional().pipe(params.optional()).describe('As for query_sql'),
      database: required,
    }),
    output: z.object({ plan: z.array(z.string()) }),
    plan: ({ sql, params = [], database = only }, caller): Operation => ({
      op: 'explain',
      caller: callerOf(caller),
      database,
      sql,
      params,
    }),
  })
