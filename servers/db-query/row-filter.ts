// Question: which rows of a table may this tenant see?
// Threat:   another tenant's rows; a filter that is more than one condition, or that closes the parenthesis around it.
// Rule:     the policy's condition stands in the WHERE of a view that replaces the table; `:tenant` becomes the tenant's name as a literal.
// Limits:   the condition is the operator's: whether it tells the tenants apart is theirs to say. fence.ts keeps queries out of the view.
// Proof:    row-filter.test.ts
import type { TenantScope } from '@hardened-mcp/security-core/worker'
import type { DatabaseGrant } from './resources.ts'
import { type Token, tokensOf } from './token-scan.ts'

/** A tenant, or none: rows that name one are then nobody's. */
export type Whose = TenantScope | ''

/** The SQL of the condition for one tenant. Throws `RangeError` when it is not one condition. */
export function rowFilter(where: string, tenant: string): string {
  const tokens = conditionTokens(where)
  let depth = 0
  for (const { kind, text } of tokens) {
    if (text === '(') depth += 1
    if (text === ')') depth -= 1
    if (depth < 0 || text === ';') throw new RangeError(`Row filter must be one condition, got ${where}`)
    if (kind === 'variable' && !isTenant({ kind, text }))
      throw new RangeError(`Row filter may bind :tenant only, got ${text}`)
  }
  if (depth !== 0 || tokens.length === 0) throw new RangeError(`Row filter must be one condition, got ${where}`)
  return filled(where, tokens, `'${tenant.replaceAll("'", "''")}'`)
}

// The text stays as it was written around the literal: `<>` taken apart is no operator, and `- -` put together is a comment.
function filled(where: string, tokens: readonly Token[], literal: string): string {
  let [sql, end] = ['', 0]
  for (const token of tokens) {
    const at = where.indexOf(token.text, end) // only space lies between two tokens
    sql += where.slice(end, at) + (isTenant(token) ? ` ${literal} ` : token.text) // apart: `x:tenant` must not become x'…'
    end = at + token.text.length
  }
  return sql
}

/** Whether what a caller sees of this database depends on the tenant. */
export const perTenant = ({ tables }: Pick<DatabaseGrant, 'tables'>) =>
  tables !== '*' &&
  Object.values(tables).some(({ where }) => where !== undefined && conditionTokens(where).some(isTenant))

const isTenant = ({ kind, text }: Token) => kind === 'variable' && text === ':tenant'

function conditionTokens(where: string): readonly Token[] {
  try {
    return tokensOf(where)
  } catch {
    throw new RangeError(`Row filter must be readable and without comments, got ${where}`)
  }
}
