// Who is asking: the one maker of a caller, so that no half-filled identity goes on.
import { tenantScope } from './tenant-scope.ts'
import { CAPABILITIES, type AuthMethod, type Capability, type Principal } from '../types.ts'

const ID = /^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,127}$/ // one printable word: it stands in every audit record

/** Throws `RangeError` on an identity that could not stand in an audit record. */
export function principal(from: {
  id: string
  tenant: string
  auth: AuthMethod
  can: Iterable<Capability>
  heldBack?: Iterable<Capability>
  roles?: Iterable<string>
  chain?: readonly string[]
  token?: NonNullable<Principal['token']>
}): Principal {
  if (!ID.test(from.id)) throw new RangeError('Principal id must be 1 to 128 characters of A-Z a-z 0-9 _ . : @ -')
  const knownOf = (words: Iterable<Capability>) =>
    new Set<Capability>([...words].filter((capability) => CAPABILITIES.includes(capability)))
  const tenant = tenantScope(from.tenant)
  const { id, auth, heldBack, roles, chain = [], token } = from
  return Object.freeze({
    ...{ id, tenant, auth, can: knownOf(from.can) },
    ...(heldBack === undefined ? {} : { heldBack: knownOf(heldBack) }),
    ...(chain.length === 0 ? {} : { chain: Object.freeze([...chain]) }),
    ...(token === undefined ? {} : { token: Object.freeze({ ...token, scopes: Object.freeze([...token.scopes]) }) }),
    ...(roles === undefined ? {} : { roles: new Set(roles) }),
  })
}
