// The worker's side of each operation: parse again, judge again, and answer with final JSON text.
import type { Budget, Result } from '@hardened-mcp/security-core'
import { bindParams } from './bind-params.ts'
import { described, listed, listing, linksIn } from './describe.ts'
import { type Guard, guard } from './guard.ts'
import { codeOf } from './open-database.ts'
import { type Operation, operation, type QueryOperation } from './operations.ts'
import { resources } from './policy.ts'
import { stop } from './refusals.ts'
import { runFailure } from './run-failure.ts'
import { runQuery } from './run-query.ts'

export type Execute = (operation: unknown, spend: Budget) => Result

/** Opens every granted database; throws one line for the operator when one cannot be served. */
export function executor(granted: unknown): Execute {
  const { databases, parser } = resources.parse(granted)
  const guards = new Map(databases.map((grant) => [grant.name, guard(grant, parser)]))
  return (unchecked, spend) => {
    try {
      return execute(guards, operation.parse(unchecked), spend)
    } catch (thrown) {
      throw codeOf(thrown).startsWith('SQLITE_') ? runFailure(thrown) : thrown
    }
  }
}

function execute(guards: ReadonlyMap<string, Guard>, wanted: Operation, spend: Budget): Result {
  if (wanted.op === 'query') return query(guardOf(guards, wanted.database), wanted, spend)
  if (wanted.op === 'describe_table') {
    const { database, table } = wanted
    return guardOf(guards, database).inSnapshot(({ tables, engine }) =>
      described(database, table, tables, linksIn(engine, tables), spend),
    )
  }
  const { database, pattern } = wanted
  const named = database === undefined ? [...guards] : [[database, guardOf(guards, database)] as const]
  return listing(
    named.flatMap(([name, each]) => each.inSnapshot(({ tables }) => listed(name, tables, pattern))),
    spend,
  )
}

function guardOf(guards: ReadonlyMap<string, Guard>, database: string): Guard {
  const found = guards.get(database)
  if (found === undefined) throw stop('policy_denied', 'No database of that name is available')
  return found
}

function query(on: Guard, { sql, params, maxRows }: QueryOperation, spend: Budget): Result {
  return on.inSnapshot(({ judge }) => {
    const { statement, tokens } = judge(sql)
    const bound = bindParams(tokens, params)
    try {
      return runQuery(statement, bound, maxRows, spend)
    } catch (thrown) {
      throw runFailure(thrown)
    }
  })
}
