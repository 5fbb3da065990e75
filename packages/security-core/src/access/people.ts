// Question: what does the operator allow this very caller, beside what the server may do at all?
// Threat:   a credential that opens everything its server can do; a caller nobody wrote down; a tenant without a ceiling of its own.
// Rule:     the tenant is known and its ceiling allows the tool, and one known role of the caller alone grants the tool with all it needs.
// Limits:   roles only grant; what takes away is a ceiling. Which tenant a caller is of was verified with the credential.
// Proof:    people.test.ts, packages/host/src/policy/properties.test.ts
import type { Capability, Principal, ToolFacts } from '../types.ts'
import type { ServerCapabilityPolicy } from './capabilities.ts'

/** One thing that was looked at on the way to a decision. The first that does not hold is the reason. */
export type Step = Readonly<{ holds: boolean; says: string }>

/** What a role grants on one server. */
export type RoleGrant = Pick<ServerCapabilityPolicy, 'allowed_tools' | 'permissions'>

/** Who is who, for one server. What is not written down here grants nothing. */
export type People = Readonly<{
  roles: ReadonlyMap<string, RoleGrant>
  tenants: ReadonlyMap<string, ServerCapabilityPolicy>
  /** Tenant, then caller's id, to roles. */
  subjects: ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>
}>

type Tool = Pick<ToolFacts, 'name' | 'needs'>
/** The facts of a caller that a decision looks at. */
export type Caller = Pick<Principal, 'can'> & Partial<Pick<Principal, 'id' | 'roles'> & { readonly tenant: string }>

/** Every role of a caller: those that the credential carries, and those that the policy gives its subject. */
export const rolesOf = ({ id = '', tenant = '', roles = new Set() }: Caller, people: People | undefined) =>
  new Set([...roles, ...(people?.subjects.get(tenant)?.get(id) ?? [])])

export function* peopleSteps(tool: Tool, caller: Caller, people: People): Generator<Step> {
  const { tenant = '' } = caller
  const ceiling = people.tenants.get(tenant)
  yield {
    holds: ceiling !== undefined,
    says: `Tenant ${tenant} is ${ceiling === undefined ? 'not ' : ''}in the policy`,
  }
  if (ceiling !== undefined) yield* ceilingSteps(`Tenant ${tenant}`, tool, ceiling)
  const roles = [...rolesOf(caller, people)].toSorted()
  yield {
    holds: roles.length > 0,
    says: roles.length > 0 ? `The roles are ${roles.join(', ')}` : 'The caller has no role',
  }
  const granting = roles.find((role) => grants(people.roles.get(role), tool))
  yield {
    holds: granting !== undefined,
    says:
      granting === undefined
        ? `No role grants ${tool.name} with ${tool.needs.join(' ')}`
        : `Role ${granting} grants it`,
  }
}

/** The ceiling of a server: not denied, allowed by name, every need granted. */
export function* ceilingSteps(
  whose: string,
  tool: Tool,
  { allowed_tools, denied_tools, permissions }: ServerCapabilityPolicy,
): Generator<Step> {
  const isDenied = denied_tools.has(tool.name)
  yield { holds: !isDenied, says: `${whose}: tool ${tool.name} is ${isDenied ? '' : 'not '}on the denied list` }
  const isAllowed = allowed_tools.has(tool.name)
  yield { holds: isAllowed, says: `${whose}: tool ${tool.name} is ${isAllowed ? '' : 'not '}on the allowed list` }
  for (const need of tool.needs) yield granted(whose, need, permissions)
}

const granted = (whose: string, need: Capability, permissions: ReadonlySet<Capability>): Step => {
  const holds = permissions.has(need)
  return { holds, says: `${whose} ${holds ? 'grants' : 'does not grant'} ${need}` }
}

// One role has to be enough by itself: two that each grant a part were never meant together.
const grants = (role: RoleGrant | undefined, { name, needs }: Tool) =>
  role !== undefined && role.allowed_tools.has(name) && needs.every((need) => role.permissions.has(need))
