// Question: may this caller call this tool on this server?
// Threat:   a tool that is reachable because nobody said it should not be (OWASP MCP: excessive permissions).
// Rule:     server, credential, tenant and role: the tool is not denied, is allowed by name, and everything it needs is granted by each.
// Limits:   knows tools and capabilities, not rows, paths or hosts; the server's own policies judge those.
// Proof:    capabilities.test.ts
import { allow, type Decision, deny } from '../decision.ts'
import type { Guard } from '../pipeline.ts'
import type { Capability, ToolFacts } from '../types.ts'
import { type Caller, ceilingSteps, type People, peopleSteps, type Step } from './people.ts'

/** The ceiling of one server. An absent policy, an empty list and a missing capability all mean no. */
export type ServerCapabilityPolicy = Readonly<{
  allowed_tools: ReadonlySet<string>
  denied_tools: ReadonlySet<string>
  permissions: ReadonlySet<Capability>
  /** Roles, tenants and subjects. Absent (policy version 1): a credential may do what it holds. */
  people?: People
}>

type Tool = Pick<ToolFacts, 'name' | 'needs'>

/** Everything a decision looks at, in order. `mayCall` goes by these same steps: what is explained is what is done. */
export function* accessSteps(tool: Tool, caller: Caller, policy: ServerCapabilityPolicy | undefined): Generator<Step> {
  yield { holds: policy !== undefined, says: `This server has ${policy === undefined ? 'no' : 'a'} policy` }
  if (policy === undefined) return
  yield* ceilingSteps('The server policy', tool, policy)
  for (const need of tool.needs) {
    const holds = caller.can.has(need)
    yield { holds, says: `The caller ${holds ? 'holds' : 'does not hold'} ${need}` }
  }
  if (policy.people !== undefined) yield* peopleSteps(tool, caller, policy.people)
}

/** The decision as a function of facts alone: `tools/list` and the guard ask the same question. */
export function mayCall(tool: Tool, caller: Caller, policy: ServerCapabilityPolicy | undefined): Decision {
  let looked = 0
  for (const { holds, says } of accessSteps(tool, caller, policy)) {
    if (!holds) return deny('policy_denied', says)
    looked += 1
  }
  return looked === 0 ? deny('policy_denied', 'Nothing was looked at') : allow()
}

/** `current` gives the policy at the moment of the call: it may have been replaced since the last one. */
export const capabilities =
  (current: () => ServerCapabilityPolicy | undefined): Guard =>
  (call) =>
    mayCall(call.tool, call.caller, current())
