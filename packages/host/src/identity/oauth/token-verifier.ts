// Question: who sends this access token, and may it be believed?
// Threat:   forged and replayed tokens, tokens of an issuer nobody configured, a stolen bound token used as a plain one,
//           an outage at the issuer answered by letting everybody in, or by a fetch for every request.
// Rule:     the unverified `iss` only picks one of the configured issuers; then type, key, signature, claims, binding, in this order.
//           What cannot be checked is refused: as invalid when the token is at fault, as unavailable when the issuer is.
// Limits:   a verified token is remembered for at most 60 s, and for no longer than its key; what its caller may do is access/.
// Proof:    test/identity/matrix.test.ts, test/identity/opaque.test.ts
import { hash } from 'node:crypto'
import { type AccessToken, accessToken, mustBeAccessToken, SKEW_MS } from './access-token.ts'
import type { IssuerConfig, OauthConfig } from './config.ts'
import { introspection, type Introspection } from './introspection.ts'
import { TokenFault } from './faults.ts'
import type { IssuerClient } from './issuer-client.ts'
import { readJws, verifySignature } from './jws.ts'
import { keySet } from './key-set.ts'
import { type KeySource, keySource } from './key-source.ts'

/** Rejects with `TokenFault` (401) or `KeysUnavailable` (503). */
export type TokenVerifier = (token: string) => Promise<AccessToken>

const REMEMBER_MS = 60_000
const MAX_REMEMBERED = 10_000

type Trusted = Readonly<{ issuer: IssuerConfig; keys: KeySource; opaque: Introspection | undefined }>
type Remembered = Readonly<{ token: AccessToken; until: number; trusted: Trusted; kid: string; key: unknown }>

export function tokenVerifier(from: {
  config: OauthConfig
  client: (issuer: IssuerConfig) => IssuerClient
  revoked?: (jti: string) => boolean
  now: () => number
  elapsed: () => number
  /** Told of each issuer that publishes a key set. */
  onSource?: (issuer: string, keys: KeySource) => void
  onEvent?: (event: string, fields: Readonly<Record<string, string>>) => void
}): TokenVerifier {
  const { config, now } = from
  const listed = new Set(config.revoked)
  const revoked = { has: (jti: string) => from.revoked?.(jti) ?? listed.has(jti) }
  const stillGood = (token: AccessToken) => {
    if (revoked.has(token.jti)) throw new TokenFault('The token is revoked') // since it was remembered
    return token
  }
  const issuers = new Map(config.issuers.map((issuer) => [issuer.issuer, trust(issuer)]))
  const opaque = [...issuers.values()].find((trusted) => trusted.opaque !== undefined)?.opaque
  const remembered = new Map<string, Remembered>()
  const rulesOf = (issuer: IssuerConfig) => ({
    issuer,
    audience: issuer.audience ?? config.resource,
    revoked,
    delegation: config.delegation,
    now: now(),
  })

  function trust(issuer: IssuerConfig): Trusted {
    const client = from.client(issuer)
    const keys = keySource({
      load: async () => keySet(await client.keySet(), issuer.algorithms),
      elapsed: from.elapsed,
      onEvent: (event, reason) => from.onEvent?.(event, { issuer: issuer.name, reason }),
    })
    if (issuer.jwks_uri !== undefined) from.onSource?.(issuer.name, keys)
    const opaque =
      issuer.introspection === undefined
        ? undefined
        : introspection({
            ask: client.introspect,
            judge: (claims) => accessToken(claims, rulesOf(issuer)),
            ...from,
            issuer,
          })
    return { issuer, keys, opaque }
  }

  return async function tokenVerifier(token) {
    if (opaque !== undefined && !token.includes('.')) return stillGood(await opaque(token))
    const id = hash('sha256', token, 'base64url') // the token itself is kept nowhere
    const known = remembered.get(id)
    // A key that left the set takes its tokens along, also those that were checked a moment ago.
    if (known !== undefined && from.elapsed() < known.until && now() < known.token.expiresAt + SKEW_MS) {
      const current = await known.trusted.keys.key(known.kid)
      if (current?.key === known.key) return stillGood(known.token)
    }
    remembered.delete(id)
    const { header, claims, alg, kid } = readJws(token)
    const iss = claims['iss']
    const trusted = typeof iss === 'string' ? issuers.get(iss) : undefined
    if (trusted === undefined || trusted.issuer.jwks_uri === undefined)
      throw new TokenFault('The token is of an issuer that is not trusted here')
    mustBeAccessToken(header, trusted.issuer)
    if (!trusted.issuer.algorithms.some((known) => known === alg)) throw new TokenFault('The algorithm is not accepted')
    if (kid === undefined) throw new TokenFault('The token names no key')
    const key = await trusted.keys.key(kid)
    if (key === undefined) throw new TokenFault('The issuer has no such key')
    if (key.alg !== alg) throw new TokenFault('The key is not for this algorithm')
    await verifySignature(token, key.key, key.alg)
    const verified = accessToken(claims, rulesOf(trusted.issuer))
    if (remembered.size >= MAX_REMEMBERED)
      for (const oldest of remembered.keys()) {
        remembered.delete(oldest)
        break
      }
    remembered.set(id, { token: verified, until: from.elapsed() + REMEMBER_MS, trusted, kid, key: key.key })
    return verified
  }
}
