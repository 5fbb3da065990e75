// Question: may this operation be described at all, on this database, with this text?
// Threat:   text that readers see differently (NUL, BOM, bidi, lone surrogates); databases nobody granted.
// Rule:     an operation names a granted database; SQL is well-formed, without control characters, BOM or direction controls.
// Limits:   knows no SQL. Statement kind, tables, columns and functions are judged in the worker by the engine itself.
// Proof:    policy.test.ts
import { allow, deny, type Policy } from '@hardened-mcp/security-core'
import { z } from 'zod'
import type { Operation, Params } from './operations.ts'
import { RULES, type Rule } from './refusals.ts'

const name = z.string().min(1).max(128)
const table = z.strictObject({ columns: z.array(name).min(1).max(2000).optional() })
const database = z.strictObject({
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'Must be letters, digits, _ and -, at most 64'),
  // Absolute, because a relative text could be an SQLite URI such as file:x?mode=rw or :memory:.
  file: z
    .string()
    .max(4096)
    .regex(/^\/.*\S$/, 'Must be an absolute path'),
  /** `'*'` exposes every table and view. Without `columns` a table is exposed whole. */
  tables: z.union([z.literal('*'), z.record(name, table)]),
})
export type DatabaseGrant = z.output<typeof database>

const distinct = (grants: readonly DatabaseGrant[]) =>
  new Set(grants.map((grant) => grant.name.toLowerCase())).size === grants.length

export const resources = z.strictObject({
  databases: z.array(database).max(16).refine(distinct, 'Database names must differ'),
  /** node-sql-parser as second opinion: may refuse (`veto`), must agree (`require`), is not asked (`off`). */
  parser: z.enum(['veto', 'require', 'off']).default('veto'),
})
export type Resources = z.output<typeof resources>
export type ParserMode = Resources['parser']

/** Refuses every database that was not granted, with one text for denied and for missing ones. */
export function exposedDatabases({ databases }: Pick<Resources, 'databases'>): Policy<Operation> {
  const exposed = new Set(databases.map((grant) => grant.name))
  return (operation) => {
    if (operation.database === undefined && exposed.size > 0) return allow()
    if (operation.database !== undefined && exposed.has(operation.database)) return allow()
    return deny('policy_denied', 'The database is not granted', { says: 'No database of that name is available' })
  }
}

const MAX_PARAM_BYTES = 65_536

/** The front gate: what can be said about the text without reading it as SQL. */
export const frontGate: Policy<Operation> = (operation) => {
  if (operation.op !== 'query') return allow()
  const rule = brokenTextRule(operation.sql) ?? brokenParamRule(operation.params)
  return rule === undefined ? allow() : deny('sql_denied', rule, { says: RULES[rule] })
}

// A NUL ends the text for SQLite while every other reader goes on; SQLite skips a BOM as white space.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/
// CVE-2021-42574: what a reviewer sees is not what the engine reads.
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/

function brokenTextRule(sql: string): Rule | undefined {
  if (!sql.isWellFormed()) return 'malformedText'
  if (CONTROL.test(sql)) return 'controlCharacters'
  return DIRECTION.test(sql) ? 'directionControls' : undefined
}

function brokenParamRule(params: Params): Rule | undefined {
  let bytes = 0
  for (const [key, value] of Object.entries(params)) {
    const text = typeof value === 'object' && value !== null ? Object.values(value).join('') : String(value)
    if (!text.isWellFormed() || !key.isWellFormed()) return 'parameterText'
    bytes += Buffer.byteLength(text) + Buffer.byteLength(key)
  }
  return bytes > MAX_PARAM_BYTES ? 'parameterBytes' : undefined
}
