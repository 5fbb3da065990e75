// A query of the policy file as a tool of its own: its SQL is fixed, its parameters have types, its name is the operator's.
import { defineTool } from '@hardened-mcp/security-core'
import { z } from 'zod'
import type { Operation, Param } from './operations.ts'
import type { ParamGrant, QueryGrant } from './resources.ts'
import { COMMON, callerOf, rowsInput, rowsOutput } from './tools.ts'

const DEFAULT_ROWS = 100

export function namedQuery({ name, title, description, sql, params, database, max_rows: most }: QueryGrant) {
  const inputs = Object.fromEntries(Object.entries(params).map(([key, grant]) => [key, inputOf(grant)]))
  return defineTool({
    ...COMMON,
    name,
    title: title ?? name.replaceAll('_', ' '),
    description,
    input: z.strictObject({ ...inputs, ...rowsInput(Math.min(DEFAULT_ROWS, most), most) }),
    output: rowsOutput,
    plan: ({ max_rows, cursor, format, ...values }, caller): Operation => ({
      op: 'query',
      caller: callerOf(caller),
      database,
      sql,
      // Every parameter of the statement has a place here; one that was left out is NULL.
      params: Object.fromEntries(
        Object.keys(params).map((key) => [key, (values as Record<string, Param | undefined>)[key] ?? null]),
      ),
      maxRows: max_rows,
      format,
      ...(cursor === undefined ? {} : { cursor }),
    }),
  })
}

function inputOf(grant: ParamGrant): z.ZodType<Param | undefined> {
  const typed = typeOf(grant)
  const described = grant.description === undefined ? typed : typed.describe(grant.description)
  return grant.optional === true ? described.optional() : described
}

const MAX_TEXT = 2000

function typeOf(grant: ParamGrant): z.ZodType<Param> {
  switch (grant.type) {
    case 'text':
      return grant.one_of === undefined ? z.string().max(grant.max_length ?? MAX_TEXT) : z.enum(grant.one_of)
    case 'integer':
      return z
        .int()
        .min(grant.min ?? Number.MIN_SAFE_INTEGER)
        .max(grant.max ?? Number.MAX_SAFE_INTEGER)
    case 'number':
      return z
        .number()
        .min(grant.min ?? -Number.MAX_VALUE)
        .max(grant.max ?? Number.MAX_VALUE)
    case 'boolean':
      return z.boolean()
  }
}
