// From the sections of a policy file to what guards and limits read, for one server.
import {
  type Bounds,
  type Limits,
  type People,
  perMinute,
  type RoleGrant,
  type ServerCapabilityPolicy,
} from '@hardened-mcp/security-core'
import { boundsOf } from './limits-section.ts'
import type { PeopleSections, PolicyFile, ServerPolicy } from './policy-file.ts'

const DEFAULT_CALLS_PER_MINUTE = 600 // MCP: servers MUST rate limit. Ten a second is more than a person's agent makes

export type EffectivePolicy = Readonly<{ ceiling: ServerCapabilityPolicy | undefined; limits: Limits }>
type Ceiling = Readonly<Pick<ServerPolicy, 'allowed_tools' | 'denied_tools' | 'permissions'>>
type Grant = Readonly<Pick<ServerPolicy, 'allowed_tools' | 'permissions'>>

/** No policy stays no policy: everything is refused. */
export function effectivePolicy(
  server: string,
  policy: ServerPolicy | null | undefined,
  people?: PeopleSections,
): EffectivePolicy {
  return {
    ceiling:
      policy === null || policy === undefined
        ? undefined
        : { ...ceilingOf(policy), ...(people === undefined ? {} : { people: peopleOf(server, people) }) },
    limits: {
      caller: withDefault(boundsOf(policy ?? { rate_limits: {} })),
      tenants: here(server, people?.tenants ?? {}, boundsOf),
    },
  }
}

/** Version 2 always has people, if only nobody: then nobody may do anything. */
export const peopleOfFile = ({ version, roles = {}, tenants = {}, subjects = [] }: PolicyFile) =>
  version === 1 ? undefined : { roles, tenants, subjects }

const withDefault = (bounds: Bounds): Bounds =>
  bounds.rates.has('*')
    ? bounds
    : { ...bounds, rates: new Map([...bounds.rates, ['*', perMinute(DEFAULT_CALLS_PER_MINUTE)]]) }

const ceilingOf = ({ allowed_tools, denied_tools, permissions }: Ceiling): ServerCapabilityPolicy => ({
  allowed_tools: new Set(allowed_tools),
  denied_tools: new Set(denied_tools),
  permissions: new Set(permissions),
})

const grantOf = ({ allowed_tools, permissions }: Grant): RoleGrant => ({
  allowed_tools: new Set(allowed_tools),
  permissions: new Set(permissions),
})

function peopleOf(server: string, { roles, tenants, subjects }: PeopleSections): People {
  const bySubject = new Map<string, Map<string, ReadonlySet<string>>>()
  for (const { id, tenant, roles: own } of subjects) {
    const known = bySubject.get(tenant) ?? new Map<string, ReadonlySet<string>>()
    bySubject.set(tenant, known.set(id, new Set(own)))
  }
  return { roles: here(server, roles, grantOf), tenants: here(server, tenants, ceilingOf), subjects: bySubject }
}

// Entries whose value for this server is absent are left out: an absent ceiling is no ceiling, and no right.
const here = <Section, Value>(
  server: string,
  all: Readonly<Record<string, Readonly<{ servers: Partial<Record<string, Section>> }>>>,
  make: (section: Section) => Value,
): ReadonlyMap<string, Value> =>
  new Map(
    Object.entries(all).flatMap(([name, { servers }]) => {
      const section = servers[server]
      return section === undefined ? [] : [[name, make(section)] as const]
    }),
  )
