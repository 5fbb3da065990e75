// Question: what do the scopes of this token allow, and which scopes would a call need?
// Threat:   a scope read as more than it says (`db:readwrite` for `db:read`), a hierarchy that grants in circles, a challenge that asks for too much.
// Rule:     a scope stands for the capabilities written for it and for those of the scopes it implies; any other word stands for nothing.
// Limits:   the server's policy is still the ceiling. Who issued the scopes was verified before.
// Proof:    scopes.test.ts
import { CAPABILITIES, type Capability } from '../types.ts'

/** Scope to capabilities, and scope to the scopes that it includes. */
export type ScopeGrants = Readonly<Record<string, readonly Capability[]>>
export type ScopeImplies = Readonly<Record<string, readonly string[]>>

export type ScopeTable = Readonly<{
  /** Every scope the operator wrote down, in that order. */
  supported: readonly string[]
  capabilitiesOf(scopes: Iterable<string>): ReadonlySet<Capability>
  /** The narrowest scopes that together are enough for `needs`, or `undefined` when none are. */
  scopesFor(needs: Iterable<Capability>): readonly string[] | undefined
}>

const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/ // RFC 6749 §3.3 scope-token: it stands in a challenge as it is

/** Throws `RangeError` on a name that is no scope-token, an implied scope nobody wrote down, and a hierarchy in a circle. */
export function scopeTable(grants: ScopeGrants, implies: ScopeImplies = {}): ScopeTable {
  const supported = Object.keys(grants)
  for (const scope of supported)
    if (!SCOPE.test(scope)) throw new RangeError(`Scope ${JSON.stringify(scope)} must be a scope-token of RFC 6749`)
  const capabilities = new Map(supported.map((scope) => [scope, new Set<Capability>(grants[scope])]))
  const whole = new Map(supported.map((scope) => [scope, unfold(scope, implies, capabilities)]))
  for (const scope of Object.keys(implies)) unfold(scope, implies, capabilities)
  const covers = (scope: string, need: Capability) => whole.get(scope)?.has(need) === true
  const widthOf = (scope: string) => whole.get(scope)?.size ?? 0
  const byWidth = supported.toSorted((a, b) => widthOf(a) - widthOf(b)) // stable: ties stay in the operator's order
  return Object.freeze({
    supported: Object.freeze(supported),
    capabilitiesOf(scopes) {
      const held = new Set<Capability>()
      for (const scope of scopes) for (const capability of whole.get(scope) ?? []) held.add(capability)
      return held
    },
    scopesFor(needs) {
      const chosen: string[] = []
      for (const need of needs) {
        if (chosen.some((scope) => covers(scope, need))) continue
        const scope = byWidth.find((candidate) => covers(candidate, need))
        if (scope === undefined) return undefined
        chosen.push(scope)
      }
      return chosen
    },
  })
}

// The capabilities of a scope and of everything below it. A circle would make two scopes one without anybody having said so.
function unfold(
  scope: string,
  implies: ScopeImplies,
  capabilities: ReadonlyMap<string, ReadonlySet<Capability>>,
  above: readonly string[] = [],
): ReadonlySet<Capability> {
  const own = capabilities.get(scope)
  if (own === undefined) throw new RangeError(`Scope ${JSON.stringify(scope)} is implied but not in the list of scopes`)
  if (above.includes(scope)) throw new RangeError(`Scope ${scope} implies itself`)
  const held = new Set(own)
  const below = Object.hasOwn(implies, scope) ? (implies[scope] ?? []) : []
  for (const implied of below)
    for (const capability of unfold(implied, implies, capabilities, [...above, scope])) held.add(capability)
  return new Set(CAPABILITIES.filter((capability) => held.has(capability)))
}
