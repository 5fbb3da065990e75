// Question: may this caller call this tool on this server?
// Threat:   a tool that is reachable because nobody said it should not be (seed 39.3; OWASP MCP: excessive permissions).
// Rule:     server policy, then caller: the tool is not denied, is allowed by name, and everything it needs is granted twice.
// Limits:   knows tools and capabilities, not rows, paths or hosts; the server's own policies judge those.
// Proof:    capabilities.test.ts
import { allow, type Decision, deny } from '../decision.ts'
import type { Guard } from '../pipeline.ts'
import type { Capability, Principal, ToolFacts } from '../types.ts'

/** The ceiling of one server. An absent policy, an empty list and a missing capability all mean no. */
export type ServerCapabilityPolicy = Readonly<{
  allowed_tools: ReadonlySet<string>
  denied_tools: ReadonlySet<string>
  permissions: ReadonlySet<Capability>
}>

/** The decision as a function of facts alone: `tools/list` and the guard ask the same question. */
export function mayCall(
  tool: Pick<ToolFacts, 'name' | 'needs'>,
  caller: Pick<Principal, 'can'>,
  policy: ServerCapabilityPolicy | undefined,
): Decision {
  if (policy === undefined) return deny('policy_denied', 'No policy is registered for this server')
  if (policy.denied_tools.has(tool.name)) return deny('policy_denied', `Tool ${tool.name} is on the denied list`)
  if (!policy.allowed_tools.has(tool.name)) return deny('policy_denied', `Tool ${tool.name} is not on the allowed list`)
  for (const need of tool.needs) {
    if (!policy.permissions.has(need)) return deny('policy_denied', `The server policy does not grant ${need}`)
    if (!caller.can.has(need)) return deny('policy_denied', `The caller does not hold ${need}`)
  }
  return allow()
}

export const capabilities =
  (policy: ServerCapabilityPolicy | undefined): Guard =>
  (call) =>
    mayCall(call.tool, call.caller, policy)
