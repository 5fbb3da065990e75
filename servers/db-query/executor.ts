// The worker's side of each operation: parse again, judge again, and answer with final JSON text.
import type { Budget, Result } from '@hardened-mcp/security-core/worker'
import { bindParams } from './bind-params.ts'
import { type Cursors, cursors } from './cursor.ts'
import { described, listed, listing } from './describe.ts'
import { explained } from './explain.ts'
import type { Guard } from './guard.ts'
import { type Guards, guards } from './guards.ts'
import { type Operation, operation, type QueryOperation } from './operations.ts'
import { codeOf } from './open-database.ts'
import { paging } from './paging.ts'
import { resources } from './resources.ts'
import { runFailure } from './run-failure.ts'
import { runQuery } from './run-query.ts'
import { assertSound } from './sound-queries.ts'

export type Execute = (operation: unknown, spend: Budget) => Result

/** Opens every granted database; throws one line for the operator when one cannot be served. */
export function executor(granted: unknown, secret: string): Execute {
  const parsed = resources.parse(granted)
  const open = guards(parsed)
  const pages = cursors(secret)
  assertSound(parsed.queries, open)
  return (unchecked, spend) => {
    try {
      return execute(open, pages, operation.parse(unchecked), spend)
    } catch (thrown) {
      throw codeOf(thrown).startsWith('SQLITE_') ? runFailure(thrown) : thrown
    }
  }
}

function execute(open: Guards, pages: Cursors, wanted: Operation, spend: Budget): Result {
  const { caller } = wanted
  switch (wanted.op) {
    case 'query':
      return query(open.of(wanted.database, caller), pages, wanted, spend)
    case 'explain':
      return open.of(wanted.database, caller).inSnapshot((snapshot) => explained(wanted, snapshot, spend))
    case 'describe_table':
      return open.of(wanted.database, caller).inSnapshot((snapshot) => described(wanted, snapshot, spend))
    case 'list_tables': {
      const names = wanted.database === undefined ? open.names(caller) : [wanted.database]
      const rows = names.flatMap((name) =>
        open.of(name, caller).inSnapshot((snapshot) => listed(name, snapshot, wanted)),
      )
      return listing(rows, spend)
    }
  }
}

function query(on: Guard, pages: Cursors, wanted: QueryOperation, spend: Budget): Result {
  return on.inSnapshot((snapshot) => {
    const judged = snapshot.judge(wanted.sql, wanted.caller.tenant)
    const bound = bindParams(judged.tokens, wanted.params)
    try {
      const { skip, next } = paging(wanted, judged, bound, snapshot, pages)
      const { maxRows, format } = wanted
      return runQuery(judged.statement, bound, { maxRows, format, skip, next }, spend)
    } catch (thrown) {
      throw runFailure(thrown)
    }
  })
}
