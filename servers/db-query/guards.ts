// The guards of all granted databases: one for everybody, or one for each tenant where rows depend on the tenant.
import type { TenantScope } from '@hardened-mcp/security-core/worker'
import { type Guard, guard } from './guard.ts'
import type { Caller } from './operations.ts'
import { mayUse, NO_DATABASE } from './policy.ts'
import { stop } from './refusals.ts'
import type { DatabaseGrant, Resources } from './resources.ts'
import { perTenant } from './row-filter.ts'

export type Guards = Readonly<{
  /** Throws `policy_denied`, with one text for what is missing and what is not for this caller. */
  of(database: string, caller: Caller): Guard
  /** For checks at start: as a tenant without rows of its own would have it. */
  trial(database: string): Guard
  /** The databases that are there for this caller. */
  names(caller: Caller): readonly string[]
}>

const MAX_TENANT_CONNECTIONS = 24 // a connection and its skeleton take about 1 MB before they cache pages

/** Opens every database; throws one line for the operator when one cannot be served. */
export function guards({ databases, parser }: Pick<Resources, 'databases' | 'parser'>): Guards {
  const grants = new Map(databases.map((grant) => [grant.name, grant]))
  const shared = new Map<string, Guard>()
  const tenants = new Map<string, Guard>()
  // Also where every tenant gets another: mistakes in the policy show while there is somebody to tell.
  for (const grant of databases) shared.set(grant.name, guard(grant, parser, ''))
  return {
    of(database, caller) {
      const grant = grants.get(database)
      if (grant === undefined || !mayUse(grant, caller)) throw stop('policy_denied', NO_DATABASE)
      return perTenant(grant) ? tenantGuard(grant, caller.tenant) : trial(database)
    },
    trial,
    names: (caller) => databases.filter((grant) => mayUse(grant, caller)).map(({ name }) => name),
  }

  function trial(database: string): Guard {
    const found = shared.get(database)
    if (found === undefined) throw stop('policy_denied', NO_DATABASE)
    return found
  }

  function tenantGuard(grant: DatabaseGrant, tenant: TenantScope): Guard {
    const key = `${grant.name}\0${tenant}`
    const found = tenants.get(key) ?? guard(grant, parser, tenant)
    tenants.delete(key) // and set again: the map is in order of use
    tenants.set(key, found)
    const [oldest] = tenants
    if (tenants.size > MAX_TENANT_CONNECTIONS && oldest !== undefined) {
      oldest[1].close()
      tenants.delete(oldest[0])
    }
    return found
  }
}
