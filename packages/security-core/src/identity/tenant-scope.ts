// Question: whose data is this look-up about?
// Threat:   a look-up that forgot the tenant, or took it from an argument, a header or another caller (OWASP API1:2023).
// Rule:     the tenant is a type of its own, made by one function; what finds a tenant's resources takes nothing else, so text or nothing does not compile.
// Limits:   the compiler's. That the name came from a verified credential is for `principal`; that a worker's is the caller's, for each server's policy.
// Proof:    tenant-scope.test.ts, test/architecture/tenant-scopes.test.ts
import { z } from 'zod'

declare const scoped: unique symbol
/** The name of a tenant whose resources may be looked up. */
export type TenantScope = string & { readonly [scoped]: true }

const TENANT = /^[a-z0-9][a-z0-9_-]{0,62}$/ // also a file name and a rate-limit key

/** Throws `RangeError` on what is no name of a tenant. */
export function tenantScope(name: string): TenantScope {
  if (!TENANT.test(name)) throw new RangeError('Tenant must be 1 to 63 characters of a-z 0-9 _ -')
  return name as TenantScope
}

/** How a cleared operation brings the scope to a worker. */
export const tenantField = z.string().regex(TENANT, 'Must be 1 to 63 characters of a-z 0-9 _ -').transform(tenantScope)
