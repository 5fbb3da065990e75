// Which approval a call needs: the operator's rules, the strongest of those that match.
import type { Decision } from '../decision.ts'
import type { CallContext } from '../types.ts'
import type { Strength } from './ask.ts'

/** Weakest first. `elicit` comes through the client, `step_up` through the issuer, `operator` from the host itself. */
const ORDER: readonly Strength[] = ['elicit', 'step_up', 'operator']

/** A part that is left out matches everything. */
export type ApprovalRule = Readonly<{
  tools?: ReadonlySet<string> | undefined
  roles?: ReadonlySet<string> | undefined
  /** Names of places as the policy has them: a root, a database, an entry of the list of hosts. */
  places?: ReadonlySet<string> | undefined
  /**
   * `always`: the call is refused without it, whichever of its places the rule names. `tainted`: it is the only way for a call that
   * labels stop, and `places` are where it goes.
   */
  when: 'always' | 'tainted'
  strength: Strength
  /** Of a `step_up`: what the token must hold. */
  scope?: string | undefined
}>

export type Demand = Readonly<{ strength: Strength; scopes: readonly string[] }>

/**
 * `gate` is what the labels say. Returns `undefined` where the gate has the last word: nothing is demanded, or no rule
 * says how this refusal could be lifted. Only `tainted` can be: every other refusal stands.
 */
export function demandOf(
  rules: readonly ApprovalRule[],
  { tool, caller }: Pick<CallContext, 'tool' | 'caller'>,
  touched: readonly string[],
  gate: Decision,
): Demand | undefined {
  const matching = rules.filter(
    ({ tools, roles, places, when }) =>
      (tools === undefined || tools.has(tool.name)) &&
      (roles === undefined || [...(caller.roles ?? [])].some((role) => roles.has(role))) &&
      (places === undefined || (when === 'tainted' ? touched.slice(0, 1) : touched).some((place) => places.has(place))),
  )
  const isTainted = gate.verdict !== 'allow'
  if (isTainted && (gate.code !== 'tainted' || !matching.some(({ when }) => when === 'tainted'))) return undefined
  const asked = matching.filter(({ when }) => when === 'always' || isTainted)
  const strongest = ORDER.findLast((each) => asked.some(({ strength }) => strength === each))
  if (strongest === undefined) return undefined
  const scopes = asked.flatMap(({ strength, scope }) => (strength === strongest && scope !== undefined ? [scope] : []))
  return { strength: strongest, scopes: [...new Set(scopes)] }
}
