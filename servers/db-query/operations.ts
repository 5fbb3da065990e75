// The closed union of what the worker understands: four operations, each a strict shape.
import { tenantField } from '@hardened-mcp/security-core/worker'
import { z } from 'zod'
import { FORMATS } from './formats.ts'

export const MAX_SQL_CHARS = 20_000 // the longest query of the legitimate corpus has 2 400
const MAX_PARAMS = 100 // SQLite allows 32 766; a model that binds more wants a join
const MAX_INTEGER_TEXT = 20 // "-9223372036854775808"
const EXACT_AS_INT = 2n ** 63n

const isExact = (value: number) =>
  !Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) > Number(EXACT_AS_INT)

// JSON numbers beyond 2^53 have lost digits before they arrive here, so they are refused instead of bound wrongly.
const number = z.number().refine(isExact, 'Write integers beyond 2^53 as {"int": "digits"}')
const int = z.strictObject({
  int: z
    .string()
    .max(MAX_INTEGER_TEXT)
    .regex(/^-?[0-9]+$/, 'Must be decimal digits'),
})
const blob = z.strictObject({ blob_base64: z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, 'Must be base64') })

/** One bound value. `int` carries integers beyond 2^53 exactly, `blob_base64` carries bytes. */
const param = z.union([z.null(), z.boolean(), number, z.string(), int, blob])
export type Param = z.output<typeof param>

const named = z
  .record(z.string().max(65), param)
  .refine((record) => Object.keys(record).length <= MAX_PARAMS, `At most ${MAX_PARAMS} parameters`)
export const params = z.union([z.array(param).max(MAX_PARAMS), named])
export type Params = z.output<typeof params>

export const MAX_ROWS = 1000

/** Who asks. The policies see to it that this is the caller of the call. */
const caller = z.strictObject({
  tenant: tenantField,
  id: z.string().max(128),
  /** In order; left out when there are none. */
  roles: z.array(z.string().max(64)).max(256).optional(),
})
const database = z.string().max(64)
const sql = z.string().max(MAX_SQL_CHARS)

export const MAX_CURSOR_CHARS = 64
export const DETAILS = ['names', 'summary', 'full'] as const

const query = z.strictObject({
  op: z.literal('query'),
  caller,
  database,
  sql,
  params,
  maxRows: z.int().min(1).max(MAX_ROWS),
  format: z.enum(FORMATS),
  cursor: z.string().max(MAX_CURSOR_CHARS).optional(),
})
const explain = z.strictObject({ op: z.literal('explain'), caller, database, sql, params })
const listTables = z.strictObject({
  op: z.literal('list_tables'),
  caller,
  database: database.optional(),
  pattern: z.string().max(128).optional(),
  detail: z.enum(DETAILS),
})
const describeTable = z.strictObject({
  op: z.literal('describe_table'),
  caller,
  database,
  table: z.string().max(128),
})

/** What the front plans, the policies judge and the worker parses again before use. */
export const operation = z.discriminatedUnion('op', [query, explain, listTables, describeTable])
export type Operation = z.output<typeof operation>
export type QueryOperation = z.output<typeof query>
export type ListOperation = z.output<typeof listTables>
export type DescribeOperation = z.output<typeof describeTable>
export type ExplainOperation = z.output<typeof explain>
export type Caller = z.output<typeof caller>
