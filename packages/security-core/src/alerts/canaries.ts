// Question: has somebody touched what nobody has a reason to touch?
// Threat:   a model that was taken over and takes all it can find: bait rows and files show it, whatever it does with them.
// Rule:     a bait value in an answer or in what a call sends, or a bait place in an operation, raises an alert; and as the operator chose, the call ends or its caller waits.
// Limits:   finds values as they stand, in either case; one that is cut, encoded or spelt out passes. A search that opens bait shows it by its value.
// Proof:    canaries.test.ts, test/e2e/alerts.test.ts
import { Denial } from '../denial.ts'
import type { Executor } from '../pipeline.ts'
import type { CallContext } from '../types.ts'

/** Letters, digits, `-` and `_` stand the same in JSON, in SQL and in a URL; shorter ones would be found by chance. */
export const CANARY_VALUE = /^[A-Za-z0-9_-]{12,128}$/

export type CanaryTouch = Readonly<{ call: CallContext; rule: 'canary_place' | 'canary_value'; err: string }>

/** `refuse`: the caller is told what any refusal of the policy says, and not that this was bait. */
export function canaries<Operation extends object>(options: {
  values: readonly string[]
  /** Exact names; one that ends in `/` stands for all that lies below. */
  places: readonly string[]
  namesOf: (operation: Operation) => readonly string[]
  refuse: boolean
  /** Resolves when the alert is on record. */
  onTouch: (touch: CanaryTouch) => Promise<void>
}): (execute: Executor<Operation>) => Executor<Operation> {
  const { values, places, namesOf, refuse, onTouch } = options
  for (const value of values)
    if (!CANARY_VALUE.test(value))
      throw new RangeError('A canary value must be 12 to 128 characters of A-Z a-z 0-9 _ -')
  const exact = new Set(places)
  const above = places.filter((place) => place.endsWith('/'))
  // As the operator wrote it: what stands below is the caller's text.
  const baitAt = (name: string) => (exact.has(name) ? name : above.find((place) => `${name}/`.startsWith(place)))
  const bait = values.length === 0 ? undefined : new RegExp(values.join('|'), 'i')
  const touched = async (call: CallContext, rule: CanaryTouch['rule'], err: string) => {
    try {
      await onTouch({ call, rule, err })
    } catch (thrown) {
      throw new Denial('audit_unavailable', `The ${rule} alert could not be written`, {}, { cause: thrown })
    }
    if (refuse) throw new Denial('policy_denied', err)
  }
  return (execute) => async (operation, spend, stop, call) => {
    if (call === undefined) throw new Denial('internal', 'A call without its context reached the canaries')
    const [place] = namesOf(operation).flatMap((name) => baitAt(name) ?? [])
    if (place !== undefined) await touched(call, 'canary_place', `A canary place was asked for: ${place}`)
    if (bait?.test(JSON.stringify(operation)) === true)
      await touched(call, 'canary_value', 'A canary value stood in the arguments')
    const result = await execute(operation, spend, stop, call)
    if (bait?.test(result.text) === true) await touched(call, 'canary_value', 'A canary value stood in the answer')
    return result
  }
}
