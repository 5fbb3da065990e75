// Question: does the sender hold the key that the token is bound to?
// Threat:   a stolen token, a stolen proof sent again, a proof made for another request, another server or another token (RFC 9449 §11).
// Rule:     one `dpop+jwt` signed by its own public key, whose thumbprint is the token's; method, public URL and token hash letter by letter;
//           60 s old at most; each jti once per key; with nonces on, one that this server made in the last 5 minutes.
// Limits:   the replay cache is of this process. Without nonces a proof made ahead of time works in its minute.
// Proof:    test/identity/dpop.test.ts
import { hash } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import type { DpopNonce } from './dpop-nonce.ts'
import { NonceNeeded, TokenFault } from './faults.ts'
import { readJws, verifySignature } from './jws.ts'
import { verifyingKey } from './key-set.ts'
import { type ReplayCache, replayCache } from './replay-cache.ts'

const ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'] as const
export const PROOF_AGE_MS = 60_000
const AHEAD_MS = 5_000
const JTI = /^[\x21-\x7e]{1,256}$/

export type DpopCheck = (proofs: readonly string[], token: string, boundTo: string) => Promise<void>

/** `url` is the public URL of the resource, never the Host header. Throws `TokenFault` or `NonceNeeded`. */
export function dpopProof(from: {
  url: string
  now: () => number
  elapsed: () => number
  nonce?: DpopNonce
}): DpopCheck {
  const seen: ReplayCache = replayCache({ ...from, forMs: PROOF_AGE_MS + AHEAD_MS })
  const target = targetOf(from.url)
  return async function dpopProof(proofs, token, boundTo) {
    const [proof, ...more] = proofs
    if (proof === undefined || more.length > 0) throw new TokenFault('There must be exactly one DPoP proof')
    const { header, claims, alg } = readJws(proof, { ownKey: true })
    if (header['typ'] !== 'dpop+jwt') throw new TokenFault('The proof is not of the type dpop+jwt')
    const algorithm = ALGORITHMS.find((known) => known === alg)
    if (algorithm === undefined) throw new TokenFault('The proof is signed by an algorithm that is not accepted')
    const jwk = header['jwk']
    if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) throw new TokenFault('The proof brings no key')
    const key = await verifyingKey(jwk, [algorithm])
    if (key === undefined) throw new TokenFault('The key of the proof cannot be used')
    // Cheap comparisons first: a forged proof costs no signature.
    if ((await calculateJwkThumbprint(jwk)) !== boundTo) throw new TokenFault('The proof is of another key')
    if (claims['htm'] !== 'POST') throw new TokenFault('The proof is for another method')
    if (targetOf(claims['htu']) !== target) throw new TokenFault('The proof is for another URL')
    if (claims['ath'] !== hash('sha256', token, 'base64url')) throw new TokenFault('The proof is for another token')
    const { iat, jti } = claims
    if (typeof iat !== 'number' || !Number.isFinite(iat)) throw new TokenFault('The proof has no time')
    const age = from.now() - iat * 1000
    if (age > PROOF_AGE_MS || age < -AHEAD_MS) throw new TokenFault('The proof is too old, or from the future')
    if (typeof jti !== 'string' || !JTI.test(jti)) throw new TokenFault('The proof has no jti')
    await verifySignature(proof, key.key, algorithm)
    if (from.nonce?.accepts(claims['nonce']) === false) throw new NonceNeeded('The proof carries no fresh nonce')
    seen.once(boundTo, jti)
  }
}

// RFC 9449 §4.3 (9): compared without query and fragment, scheme and host in their canonical spelling.
function targetOf(htu: unknown): string | undefined {
  if (typeof htu !== 'string' || htu.length > 2048 || !URL.canParse(htu)) return undefined
  const { origin, pathname, username, password } = new URL(htu)
  return username === '' && password === '' ? origin + pathname : undefined
}
