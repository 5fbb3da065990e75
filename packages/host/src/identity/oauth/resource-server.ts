// What an OAuth resource server says of itself (RFC 9728) and asks of its clients (RFC 6750, RFC 9449): constants of the configuration.
import { type Capability, type ScopeTable, scopeTable } from '@hardened-mcp/security-core'
import { weaken } from '@hardened-mcp/security-core/unsafe'
import type { AuthFailure, TokenDoor } from '../http-authenticator.ts'
import type { OauthConfig } from './config.ts'
import { errorOf, REALM } from './challenge.ts'
import { dpopNonce } from './dpop-nonce.ts'
import { dpopProof } from './dpop-proof.ts'
import { issuerClient } from './issuer-client.ts'
import type { KeySource } from './key-source.ts'
import { tokenVerifier } from './token-verifier.ts'

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const PROOF_ALGORITHMS = 'ES256 EdDSA Ed25519 PS256 RS256'

/** What the transport has to show. Header values are made of the configuration alone, never of a request. */
export type ResourceServer = Readonly<{
  metadata: string
  /** Request paths at which `metadata` is served: below the root, and below the path of the resource. */
  metadataPaths: ReadonlySet<string>
  challenge(failure: AuthFailure): Readonly<Record<string, string | readonly string[]>>
  /** The narrowest scopes that are enough. */
  scopesFor(needs: readonly Capability[]): readonly string[]
  insufficientScope(wanted: readonly string[], dpop: boolean): Readonly<Record<string, string>>
}>

/** `ageMs` is absent while the keys of the issuer cannot be had. */
export type KeySetAge = Readonly<{ issuer: string; ageMs?: number }>

/** Throws `RangeError` when a file of the section cannot be read, or a weakening is over. */
export function resourceServer(from: {
  config: OauthConfig
  /** What the server's policy grants at all: the scopes a new client is told to ask for. */
  permissions: Iterable<Capability>
  /** Asked beside the section's own list; left out, that list alone counts. */
  revoked?: (jti: string) => boolean
  now: () => number
  elapsed: () => number
  onEvent?: (event: string, fields: Readonly<Record<string, string>>) => void
}): Readonly<{ door: TokenDoor; server: ResourceServer; keySets: () => readonly KeySetAge[] }> {
  const { config, now } = from
  for (const { name, any_typ, several_audiences } of config.issuers) {
    if (any_typ !== undefined) weaken(`token type of ${name}`, any_typ, now())
    if (several_audiences !== undefined) weaken(`audience of ${name}`, several_audiences, now())
  }
  const { origin, pathname } = new URL(config.resource)
  const path = pathname === '/' ? '' : pathname
  const scopes = scopeTable(config.scopes, config.scope_implies)
  const nonce = config.dpop_nonce ? dpopNonce(from.elapsed) : undefined
  const about = `resource_metadata="${origin}${WELL_KNOWN}${path}"`
  const first = scopesOf(scopes, from.permissions)
  const scope = first.length === 0 ? '' : `, scope="${first.join(' ')}"`
  const sources = new Map<string, KeySource>()
  const proves = `DPoP ${REALM}, algs="${PROOF_ALGORITHMS}", ${about}`
  return {
    keySets: () =>
      [...sources].map(([issuer, keys]) => {
        const ageMs = keys.age()
        return { issuer, ...(ageMs === undefined ? {} : { ageMs }) }
      }),
    door: {
      verify: tokenVerifier({
        ...from,
        client: (issuer) => issuerClient(issuer),
        onSource: (issuer, keys) => sources.set(issuer, keys),
      }),
      proof: dpopProof({ url: config.resource, now, elapsed: from.elapsed, ...(nonce === undefined ? {} : { nonce }) }),
      scopes,
    },
    server: {
      metadata: JSON.stringify({
        resource: config.resource,
        authorization_servers: config.issuers.map(({ issuer }) => issuer),
        scopes_supported: scopes.supported,
        bearer_methods_supported: ['header'],
        dpop_signing_alg_values_supported: PROOF_ALGORITHMS.split(' '),
        tls_client_certificate_bound_access_tokens: config.issuers.some(({ mtls }) => mtls !== 'off'),
        dpop_bound_access_tokens_required: config.issuers.every(({ dpop }) => dpop === 'required'),
      }),
      metadataPaths: new Set([WELL_KNOWN, WELL_KNOWN + path, `${WELL_KNOWN}/mcp`]),
      challenge(failure) {
        const fresh = nonce === undefined ? {} : { 'dpop-nonce': nonce.fresh() }
        if (failure === 'invalid_proof' || failure === 'nonce')
          return { ...fresh, 'www-authenticate': `${proves}${scope}${errorOf(failure)}` }
        return { 'www-authenticate': [`Bearer ${REALM}, ${about}${scope}${errorOf(failure)}`, proves] }
      },
      scopesFor: (needs) => scopes.scopesFor(needs) ?? [],
      insufficientScope(wanted, dpop) {
        const scheme = dpop ? 'DPoP' : 'Bearer'
        return {
          'www-authenticate': `${scheme} ${REALM}, ${about}, scope="${wanted.join(' ')}", error="insufficient_scope"`,
        }
      },
    },
  }
}

const scopesOf = (table: ScopeTable, permissions: Iterable<Capability>) => {
  const all = table.capabilitiesOf(table.supported)
  return table.scopesFor([...permissions].filter((capability) => all.has(capability))) ?? []
}
