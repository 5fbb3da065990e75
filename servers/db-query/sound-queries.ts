// Judges the operator's named queries at start, by the guard that will judge them at each call.
import { denialOf } from '@hardened-mcp/security-core/worker'
import { slotsOf } from './bind-params.ts'
import type { Guards } from './guards.ts'
import type { QueryGrant } from './resources.ts'

/** Throws `RangeError` with one line for the first query that would be refused, or whose parameters do not fit. */
export function assertSound(queries: readonly QueryGrant[], open: Guards): void {
  for (const { name, sql, params, database } of queries) {
    const wrong = open.trial(database).inSnapshot(({ judge }) => {
      try {
        const slots = slotsOf(judge(sql, '').tokens).map((slot) => slot.name)
        const unnamed = slots.find((slot) => !Object.hasOwn(params, slot))
        const unused = Object.keys(params).find((param) => !slots.includes(param))
        if (unnamed !== undefined) return `the parameter ${unnamed || '?'} is not described`
        return unused === undefined ? undefined : `the parameter ${unused} is not used`
      } catch (thrown) {
        return denialOf(thrown).says
      }
    })
    if (wrong !== undefined) throw new RangeError(`Query ${name}: ${wrong}`)
  }
}
