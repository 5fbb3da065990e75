// Question: who sends this HTTP request?
// Threat:   an anonymous call; a refusal that tells an attacker whether a key exists, has expired or was revoked;
//           a bound token used without its proof (RFC 9449) or its certificate (RFC 8705), an outage at the issuer that lets everybody in.
// Rule:     one well-formed credential: an API key that the store knows, or an access token that the verifier believes, or nobody.
//           A token bound to a key comes as DPoP with its proof, any other as Bearer; one bound to a certificate on a connection of its key.
// Limits:   how often may it fail is the transport's throttle; what the caller may do is access/.
// Proof:    http-authenticator.test.ts, test/identity/matrix.test.ts, test/identity/mtls.test.ts
import { hash } from 'node:crypto'
import { type Principal, principal, type ScopeTable } from '@hardened-mcp/security-core'
import type { ApiKeyStore, KeyHolder } from './api-key-store.ts'
import { type Credential, credentialOf } from './authorization-header.ts'
import type { DpopCheck } from './oauth/dpop-proof.ts'
import { DelegationFault, KeysUnavailable, NonceNeeded, TokenFault } from './oauth/faults.ts'
import type { TokenVerifier } from './oauth/token-verifier.ts'

export type AuthFailure = 'missing' | 'invalid' | 'invalid_proof' | 'nonce' | 'unavailable' | 'delegation'

/** `reason` is for the audit trail; only constants that follow from `failure` may reach the client. */
export type Authentication =
  | Readonly<{ ok: true; caller: Principal }>
  | Readonly<{ ok: false; failure: AuthFailure; reason: string; canary?: KeyHolder }>

/** Every value of the two header fields, as `headersDistinct` gives them. */
export type Presented = Readonly<{
  authorization: readonly string[]
  dpop: readonly string[]
  /** Thumbprint of the certificate whose key the client's TLS connection has shown: `x5t#S256`, 43 characters. */
  certificate?: () => string | undefined
}>
export type HttpAuthenticator = (presented: Presented) => Authentication | Promise<Authentication>

/** What turns access tokens into callers; absent where the operator trusts no issuer. */
export type TokenDoor = Readonly<{ verify: TokenVerifier; proof: DpopCheck; scopes: ScopeTable }>

export function httpAuthenticator(store: Pick<ApiKeyStore, 'verify'>, door?: TokenDoor): HttpAuthenticator {
  return function httpAuthenticator(presented) {
    const { authorization } = presented
    const credential = credentialOf(authorization)
    if (credential === 'missing') return refused('missing', 'No Authorization header')
    if (credential === 'malformed')
      return refused('invalid', 'The Authorization header is repeated, too long or malformed')
    const { scheme, token } = credential
    if (scheme === 'apikey' || door === undefined || token.startsWith('mcp_')) {
      if (scheme === 'dpop') return refused('invalid', 'The credential is bound to no key')
      const verdict = store.verify(token)
      if (verdict.ok) return { ok: true, caller: verdict.principal }
      const { reason, canary } = verdict
      return canary === undefined ? refused('invalid', reason) : { ...refused('invalid', reason), canary }
    }
    return byToken(credential, presented, door)
  }
}

async function byToken(
  { scheme, token }: Credential,
  { dpop, certificate }: Presented,
  door: TokenDoor,
): Promise<Authentication> {
  let verified = false
  try {
    const { id, tenant, scopes, boundTo, certificate: bound, actors, issuedAt, jti } = await door.verify(token)
    // RFC 9449 §7.2: a bound token sent as Bearer is a stolen one; a plain token sent as DPoP proves nothing.
    if ((boundTo !== undefined) !== (scheme === 'dpop')) throw new TokenFault('The scheme does not fit the token')
    // RFC 8705 §3: on a connection of anybody else it is a stolen one.
    if (bound !== undefined && certificate?.() !== bound) throw new TokenFault('The token is of another certificate')
    verified = true
    if (boundTo !== undefined) await door.proof(dpop, token, boundTo)
    const can = door.scopes.capabilitiesOf(scopes)
    const all = door.scopes.capabilitiesOf(door.scopes.supported)
    const heldBack = [...all].filter((capability) => !can.has(capability))
    const name = { id: `t_${hash('sha256', JSON.stringify([id, jti]))}`, scopes, issuedAt }
    const caller = principal({ id, tenant, auth: 'oauth', can, heldBack, chain: actors, token: name })
    inbound.set(caller, { token, scopes })
    return { ok: true, caller }
  } catch (thrown) {
    if (thrown instanceof DelegationFault) return refused('delegation', thrown.message)
    if (thrown instanceof TokenFault) return refused(verified ? 'invalid_proof' : 'invalid', thrown.message)
    if (thrown instanceof NonceNeeded) return refused('nonce', thrown.message)
    if (thrown instanceof KeysUnavailable) return refused('unavailable', thrown.message)
    throw thrown
  }
}

// By the very object: a copy of the principal, a log or an answer can hold no token.
const inbound = new WeakMap<Principal, Readonly<{ token: string; scopes: readonly string[] }>>()

/** For the credential broker alone, which shows it to its own issuer and to nobody else. */
export const inboundToken = (caller: Principal) => inbound.get(caller)

const refused = (failure: AuthFailure, reason: string): Authentication & { ok: false } => ({
  ok: false,
  failure,
  reason,
})
