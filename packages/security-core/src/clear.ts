// Door 1. The only maker of `Cleared`: an operation that every policy has allowed, frozen as it was judged.
import { type Decision, must } from './decision.ts'
import { Denial } from './denial.ts'
import { snapshot } from './snapshot.ts'
import type { CallContext } from './types.ts'

declare const cleared: unique symbol

/** What executors accept, and nothing else. */
export type Cleared<Operation extends object> = Operation & { readonly [cleared]: true }

/** Pure. Judges a frozen copy of the operation. */
export type Policy<Operation extends object> = (operation: Operation, call: CallContext) => Decision

/** At least one: a pipeline that judges nothing does not type-check. */
export type Policies<Operation extends object> = readonly [Policy<Operation>, ...Policy<Operation>[]]

const minted = new WeakSet<object>()

/** Returns the frozen copy when every policy allows it; throws `Denial` at the first refusal. */
export function clear<Operation extends object>(
  operation: Operation,
  policies: Policies<Operation>,
  call: CallContext,
): Cleared<Operation> {
  const copy = snapshot(operation)
  for (const policy of policies) must(policy(copy, call))
  minted.add(copy)
  return copy as Cleared<Operation>
}

/** For executors: throws unless `operation` came out of `clear`, whatever a cast may claim. */
export function assertCleared(operation: object): void {
  if (!minted.has(operation)) throw new Denial('internal', 'An operation reached the executor without being cleared')
}
