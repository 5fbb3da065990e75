// What the operator grants: databases, tables, columns, rows, and queries that are tools of their own. Parsed once, strictly.
import { labelSchema } from '@hardened-mcp/host'
import { z } from 'zod'
import { FUNCTIONS } from './functions.ts'
import { MAX_ROWS, MAX_SQL_CHARS } from './operations.ts'

const name = z.string().min(1).max(128)
const condition = z.string().min(1).max(2000)
const table = z.strictObject({
  columns: z.array(name).min(1).max(2000).optional(),
  /** A condition every shown row meets. `:tenant` stands for the caller's tenant. */
  where: condition.optional(),
  /** Whether describe_table may show a few values of each exposed column. */
  samples: z.boolean().optional(),
})
const databaseName = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'Must be letters, digits, _ and -, at most 64')
const database = z.strictObject({
  name: databaseName,
  // Absolute, because a relative text could be an SQLite URI such as file:x?mode=rw or :memory:.
  file: z
    .string()
    .max(4096)
    .regex(/^\/.*\S$/, 'Must be an absolute path'),
  /** `'*'` exposes every table and view. Without `columns` a table is exposed whole. */
  tables: z.union([z.literal('*'), z.record(name, table)]),
  /** Who may use it, by any of its tenants, callers and roles. Left out: everybody who may call the tools. Several keys: all must hold. */
  tenants: z.array(z.string().max(63)).min(1).optional(),
  callers: z.array(z.string().max(128)).min(1).optional(),
  roles: z.array(z.string().max(64)).min(1).optional(),
  /** The only functions that its queries may call. Left out: all that compute on their arguments. Operators are none. */
  functions: z
    .array(z.string().refine((given) => FUNCTIONS.has(given.toLowerCase()), 'Must be a function that queries may call'))
    .optional(),
  /** Of its rows. Left out: untrusted and private. */
  label: labelSchema.optional(),
  /** The file does not change while it is served: its read lock is kept, and whoever writes it all the same finds it locked. */
  unchanging: z.boolean().optional(),
})
export type DatabaseGrant = z.output<typeof database>

const described = { description: z.string().max(200).optional(), optional: z.boolean().optional() }
const param = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('text'),
    ...described,
    max_length: z.int().min(1).max(20_000).optional(),
    one_of: z.array(z.string().max(200)).min(1).max(100).optional(),
  }),
  z.strictObject({ type: z.literal('integer'), ...described, min: z.int().optional(), max: z.int().optional() }),
  z.strictObject({ type: z.literal('number'), ...described, min: z.number().optional(), max: z.number().optional() }),
  z.strictObject({ type: z.literal('boolean'), ...described }),
])
export type ParamGrant = z.output<typeof param>

const TAKEN: ReadonlySet<string> = new Set(['query_sql', 'explain_query', 'list_tables', 'describe_table'])
const OWN_INPUTS: ReadonlySet<string> = new Set(['max_rows', 'cursor', 'format'])

const query = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,63}$/, 'Must be lower case letters, digits and _')
    .refine((given) => !TAKEN.has(given), 'Must differ from the names of the other tools'),
  title: z.string().min(1).max(100).optional(),
  description: z.string().min(1).max(1000),
  sql: z.string().min(1).max(MAX_SQL_CHARS),
  params: z
    .record(
      z
        .string()
        .regex(/^[a-z][a-z0-9_]{0,63}$/, 'Must be lower case letters, digits and _')
        .refine((given) => !OWN_INPUTS.has(given), 'Must not be max_rows, cursor or format'),
      param,
    )
    .default({}),
  database: databaseName,
  max_rows: z.int().min(1).max(MAX_ROWS).default(MAX_ROWS),
})
export type QueryGrant = z.output<typeof query>

const distinct = (grants: readonly Readonly<{ name: string }>[]) =>
  new Set(grants.map((grant) => grant.name.toLowerCase())).size === grants.length

export const resources = z
  .strictObject({
    databases: z.array(database).max(16).refine(distinct, 'Database names must differ'),
    /** node-sql-parser as second opinion: may refuse (`veto`), must agree (`require`), is not asked (`off`). */
    parser: z.enum(['veto', 'require', 'off']).default('veto'),
    /** How long one tenant may keep workers busy, in seconds of each minute; the two workers have 120. */
    work_seconds_per_minute: z.number().positive().max(3600).default(90),
    /** Tools that run one fixed statement each. */
    queries: z.array(query).max(50).refine(distinct, 'Query names must differ').default([]),
  })
  .refine(
    ({ databases, queries }) => queries.every((each) => databases.some(({ name }) => name === each.database)),
    'Each query must name one of the databases',
  )
export type Resources = z.output<typeof resources>
export type ParserMode = Resources['parser']
