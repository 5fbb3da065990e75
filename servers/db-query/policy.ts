// Question: may this operation be described at all, on this database, with this text?
// Threat:   text that readers see differently (NUL, BOM, bidi, lone surrogates); databases nobody granted to this caller.
// Rule:     an operation names its caller and a database granted to it; SQL is well-formed, without control characters, BOM or direction controls.
// Limits:   knows no SQL. Statement kind, tables, columns and functions are judged in the worker by the engine itself.
// Proof:    policy.test.ts
import { allow, deny, type Policy } from '@hardened-mcp/security-core/worker'
import type { Caller, Operation, Params } from './operations.ts'
import { RULES, type Rule } from './refusals.ts'
import type { DatabaseGrant, Resources } from './resources.ts'

/** Whether this database is there for this caller at all. */
export const mayUse = (
  { tenants, callers, roles }: Pick<DatabaseGrant, 'tenants' | 'callers' | 'roles'>,
  { tenant, id, roles: own = [] }: Caller,
) =>
  (tenants?.includes(tenant) ?? true) &&
  (callers?.includes(id) ?? true) &&
  (roles?.some((role) => own.includes(role)) ?? true)

/** Refuses every database that was not granted to the caller, with one text for denied and for missing ones. */
export function exposedDatabases({ databases }: Pick<Resources, 'databases'>): Policy<Operation> {
  return ({ caller, database }) => {
    const theirs = databases.filter((grant) => mayUse(grant, caller))
    if (database === undefined ? theirs.length > 0 : theirs.some(({ name }) => name === database)) return allow()
    return deny('policy_denied', 'The database is not granted', { says: NO_DATABASE })
  }
}

export const NO_DATABASE = 'No database of that name is available'

/** What an operation says about its caller decides on rows and cursors, so it must be the caller of this very call. */
export const sameCaller: Policy<Operation> = ({ caller }, call) =>
  caller.tenant === call.caller.tenant &&
  caller.id === call.caller.id &&
  (caller.roles?.every((role) => call.caller.roles?.has(role)) ?? true)
    ? allow()
    : deny('internal', 'The operation was planned for another caller')

const MAX_PARAM_BYTES = 65_536

/** The front gate: what can be said about the text without reading it as SQL. */
export const frontGate: Policy<Operation> = (operation) => {
  if (operation.op !== 'query' && operation.op !== 'explain') return allow()
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
