// Question: are these the claims of an access token for us, now, from this issuer?
// Threat:   a token for another service (confused deputy), an ID token, one without an end, from the future, for another tenant, by a long
//           chain of actors, or bound to a key that the sender does not show (RFC 9068, 8707, 8725).
// Rule:     every claim of RFC 9068 present and of its type; issuer and audience letter by letter; 30 s of skew, 24 h of life;
//           tenant from a fixed value or a verified claim on the issuer's list; any binding that we cannot check refuses the token.
// Limits:   the signature is judged before. A revoked token lives until it expires, unless its jti stands in the policy.
// Proof:    test/identity/matrix.test.ts, test/identity/mtls.test.ts
import { hash } from 'node:crypto'
import type { IssuerConfig, OauthConfig } from './config.ts'
import { DelegationFault, TokenFault } from './faults.ts'
import type { Claims } from './jws.ts'

/** What a verified token says. Times in milliseconds since the epoch. */
export type AccessToken = Readonly<{
  id: string
  tenant: string
  scopes: readonly string[]
  expiresAt: number
  issuedAt: number
  jti: string
  /** `sub` of each actor, the current one first. */
  actors: readonly string[]
  /** Thumbprint of the key that must sign a DPoP proof (RFC 9449 §6). */
  boundTo?: string
  /** Thumbprint of the certificate that the connection must show (RFC 8705 §3.1). */
  certificate?: string
}>

export const SKEW_MS = 30_000
const MAX_LIFE_MS = 86_400_000
const SUBJECT = /^[\x21-\x7e]{1,256}$/
const PLAIN_SUBJECT = /^[A-Za-z0-9_.@-]{1,90}$/
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/
const UNKNOWN_BINDING = 'The token is bound in a way that cannot be checked here'
const TENANT = /^[a-z0-9][a-z0-9_-]{0,62}$/

export type TokenRules = Readonly<{
  issuer: IssuerConfig
  audience: string
  revoked: Pick<ReadonlySet<string>, 'has'>
  now: number
  delegation: OauthConfig['delegation']
}>

/** Throws `TokenFault` on the first claim that does not hold. */
export function accessToken(claims: Claims, rules: TokenRules): AccessToken {
  const { issuer, audience, revoked, now, delegation } = rules
  if (claims['iss'] !== issuer.issuer) throw new TokenFault('The token is of another issuer')
  mustBeFor(audience, claims['aud'], issuer.several_audiences !== undefined)
  const expiresAt = timeOf(claims, 'exp')
  const issuedAt = timeOf(claims, 'iat')
  if (now >= expiresAt + SKEW_MS) throw new TokenFault('The token has expired')
  if (issuedAt > now + SKEW_MS) throw new TokenFault('The token was issued in the future')
  if ('nbf' in claims && timeOf(claims, 'nbf') > now + SKEW_MS) throw new TokenFault('The token is not valid yet')
  if (expiresAt <= issuedAt || expiresAt - issuedAt > MAX_LIFE_MS) throw new TokenFault('The token lives too long')
  textOf(claims, 'client_id')
  const jti = textOf(claims, 'jti')
  if (revoked.has(jti)) throw new TokenFault('The token is revoked')
  const actors = actorsOf(claims['act'])
  const binding = bindingOf(claims['cnf'], issuer)
  const token = {
    id: callerId(issuer.name, textOf(claims, 'sub')),
    tenant: tenantOf(claims, issuer),
    scopes: scopesOf(claims[issuer.scope_claim]),
    expiresAt,
    issuedAt,
    jti,
    actors,
    ...binding,
  }
  mustBeDelegated(actors, delegation) // last: only a token that is good otherwise is told so
  return token
}

/** The kind of token: an ID token or a logout token of the same issuer opens nothing (RFC 9068 §4, RFC 8725 §3.11). */
export function mustBeAccessToken(header: Claims, issuer: IssuerConfig): void {
  const { typ } = header
  const kind = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ
  if (kind === 'at+jwt') return
  if (issuer.any_typ !== undefined && (kind === undefined || kind === 'jwt')) return
  throw new TokenFault('The token is not of the type at+jwt')
}

/** Two issuers that know a subject of the same name are two callers. */
export const callerId = (issuer: string, subject: string) =>
  PLAIN_SUBJECT.test(subject) ? `${issuer}:${subject}` : `${issuer}:h:${hash('sha256', subject, 'base64url')}`

function mustBeFor(audience: string, aud: unknown, several: boolean): void {
  const list: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (!list.includes(audience)) throw new TokenFault('The token is for another audience')
  // Whoever else is meant could pass the token on to us.
  if (list.length > 1 && !several) throw new TokenFault('The token is for more than one audience')
}

function timeOf(claims: Claims, name: 'exp' | 'iat' | 'nbf'): number {
  const value = claims[name]
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw new TokenFault(`${name} is not a time`)
  return value * 1000
}

function textOf(claims: Claims, name: 'sub' | 'client_id' | 'jti'): string {
  const value = claims[name]
  if (typeof value !== 'string' || !SUBJECT.test(value)) throw new TokenFault(`${name} is not a plain text`)
  return value
}

const MOST_ACTORS = 64 // whatever is allowed: deeper is not even read to its end

function actorsOf(act: unknown): readonly string[] {
  const actors: string[] = []
  for (let actor = act; actor !== undefined && actors.length < MOST_ACTORS; ) {
    if (typeof actor !== 'object' || actor === null || Array.isArray(actor))
      throw new TokenFault('act is not an object')
    const { sub, act: next } = actor as Record<string, unknown>
    if (typeof sub !== 'string' || !SUBJECT.test(sub)) throw new TokenFault('An actor has no plain sub')
    actors.push(sub)
    actor = next
  }
  return actors
}

// RFC 8693 §4.1: each level of `act` is one more party that may be the one who was talked into something.
function mustBeDelegated(
  actors: readonly string[],
  { max_depth, actors: known, own_id }: OauthConfig['delegation'],
): void {
  if (actors.length > max_depth) throw new DelegationFault(`The token has more than ${max_depth} actors`)
  if (own_id !== undefined && actors.includes(own_id))
    throw new DelegationFault('The call has come round to this server')
  const stranger = actors.find((actor) => !known.includes(actor))
  if (stranger !== undefined) throw new DelegationFault('An actor of the token may not act here')
}

// A binding of a kind we do not know must not be dropped: the token would work for whoever stole it.
function bindingOf(cnf: unknown, { dpop, mtls }: IssuerConfig): Pick<AccessToken, 'boundTo' | 'certificate'> {
  const binding: { boundTo?: string; certificate?: string } = {}
  const entries = typeof cnf === 'object' && cnf !== null ? Object.entries(cnf as Record<string, unknown>) : []
  for (const [name, value] of entries) {
    const known = name === 'jkt' || (name === 'x5t#S256' && mtls !== 'off')
    if (!known || typeof value !== 'string' || !THUMBPRINT.test(value)) throw new TokenFault(UNKNOWN_BINDING)
    binding[name === 'jkt' ? 'boundTo' : 'certificate'] = value
  }
  if (cnf !== undefined && entries.length === 0) throw new TokenFault(UNKNOWN_BINDING)
  if (dpop === 'required' && binding.boundTo === undefined) throw new TokenFault('The token is bound to no key')
  if (mtls === 'required' && binding.certificate === undefined)
    throw new TokenFault('The token is bound to no certificate')
  return binding
}

function tenantOf(claims: Claims, { tenant, tenant_claim: claim, tenants }: IssuerConfig): string {
  if (tenant !== undefined) return tenant
  const value = claim !== undefined && Object.hasOwn(claims, claim) ? claims[claim] : undefined
  if (typeof value !== 'string' || !TENANT.test(value)) throw new TokenFault('The token names no tenant')
  if (tenants?.includes(value) !== true) throw new TokenFault('The issuer may not speak for the tenant of the token')
  return value
}

function scopesOf(value: unknown): readonly string[] {
  if (value === undefined) return []
  const scopes: unknown = typeof value === 'string' ? value.split(' ').filter((scope) => scope !== '') : value
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string'))
    throw new TokenFault('The scope is no text')
  return scopes
}
