// Question: which keys may have signed a token of this issuer?
// Threat:   a poisoned key set: symmetric and private keys, short RSA moduli, one kid for two keys, a key for encryption, thousands of keys.
// Rule:     public RSA from 2048 bits, P-256 and Ed25519 keys with a kid of their own, each for exactly one algorithm of the issuer's list;
//           other keys are left out, and a kid that stands twice refuses the whole set.
// Limits:   believes whoever serves the configured https address; when it is asked is key-source.ts.
// Proof:    key-set.test.ts
import { type CryptoKey, importJWK, type JWK } from 'jose'
import { z } from 'zod'
import type { Algorithm } from './config.ts'

export type VerifyingKey = Readonly<{ alg: Algorithm; key: CryptoKey }>
export type KeySet = ReadonlyMap<string, VerifyingKey>

const MAX_KEYS = 32
const MIN_RSA_BYTES = 256
const MAX_RSA_BYTES = 1024 // 8192 bits; a larger one costs every forged token milliseconds
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

const set = z.looseObject({ keys: z.array(z.looseObject({})).min(1).max(MAX_KEYS) })

/** Throws `RangeError` with one line when the set as a whole cannot be used. */
export async function keySet(value: unknown, algorithms: readonly Algorithm[]): Promise<KeySet> {
  const parsed = set.safeParse(value)
  if (!parsed.success) throw new RangeError(`A key set must hold 1 to ${MAX_KEYS} keys`)
  const keys = new Map<string, VerifyingKey>()
  const seen = new Set<string>()
  for (const jwk of parsed.data.keys) {
    const kid = jwk['kid']
    if (typeof kid !== 'string' || kid.length === 0 || kid.length > 256) continue
    if (seen.has(kid)) throw new RangeError('A key set must not use a kid twice')
    seen.add(kid)
    const key = await verifyingKey(jwk, algorithms)
    if (key !== undefined) keys.set(kid, key)
  }
  if (keys.size === 0) throw new RangeError('The key set holds no key that can be used')
  return keys
}

/** The key with the one algorithm it verifies, or `undefined` when it may not be used. */
export async function verifyingKey(jwk: JWK, algorithms: readonly Algorithm[]): Promise<VerifyingKey | undefined> {
  if (PRIVATE_MEMBERS.some((member) => member in jwk)) return undefined // a leaked key signs for anybody
  if (jwk.use !== undefined && jwk.use !== 'sig') return undefined
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify'))) return undefined
  const alg = algorithmOf(jwk, algorithms)
  if (alg === undefined) return undefined
  try {
    const key = await importJWK(jwk, alg)
    return key instanceof Uint8Array ? undefined : { alg, key }
  } catch {
    return undefined
  }
}

// One key, one algorithm (RFC 8725 §3.1): the one it names itself, or the only one of the list that fits its kind.
function algorithmOf(jwk: JWK, algorithms: readonly Algorithm[]): Algorithm | undefined {
  const fitting = algorithms.filter((alg) => fits(jwk, alg))
  if (jwk.alg !== undefined) return fitting.find((alg) => alg === jwk.alg)
  return fitting.length === 1 ? fitting[0] : undefined
}

function fits(jwk: JWK, alg: Algorithm): boolean {
  switch (alg) {
    case 'RS256':
    case 'PS256':
      return jwk.kty === 'RSA' && isStrongModulus(jwk.n)
    case 'ES256':
      return jwk.kty === 'EC' && jwk.crv === 'P-256'
    case 'EdDSA':
    case 'Ed25519':
      return jwk.kty === 'OKP' && jwk.crv === 'Ed25519'
  }
}

function isStrongModulus(n: unknown): boolean {
  if (typeof n !== 'string') return false
  const bytes = Buffer.from(n, 'base64url')
  const first = bytes.findIndex((byte) => byte !== 0) // leading zeros would pass a short key off as a long one
  const length = first < 0 ? 0 : bytes.length - first
  const isWhole = length > MIN_RSA_BYTES || (bytes[first] ?? 0) >= 0x80
  return length >= MIN_RSA_BYTES && length <= MAX_RSA_BYTES && isWhole
}
