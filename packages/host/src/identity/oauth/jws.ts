// Question: is this text one signed token, of a kind and by an algorithm that we accept?
// Threat:   `alg: none` and HMAC with a public key, keys that the token brings along (jwk, jku, x5u, x5c), crit, b64 and zip tricks,
//           one token with several spellings, two readers that see two payloads (RFC 8725).
// Rule:     three canonical base64url parts, strict JSON without double keys, an allowlisted algorithm, the kid of a known key,
//           no header that names another key; then the signature under that key and that key's one algorithm.
// Limits:   says who signed. What the claims mean is for access-token.ts and dpop-proof.ts.
// Proof:    test/identity/matrix.test.ts
import { compactVerify, type CryptoKey } from 'jose'
import { strictJson } from '../../mcp/strict-json.ts'
import { TokenFault } from './faults.ts'
import type { Algorithm } from './config.ts'

export type Claims = Readonly<Record<string, unknown>>
/** Parts of a token that nobody has verified yet. */
export type UnverifiedJws = Readonly<{ header: Claims; claims: Claims; alg: string; kid: string | undefined }>

const MAX_CHARS = 8 * 1024
const PART = /^[A-Za-z0-9_-]+$/
// RFC 8725 §3.10: a key that the token names proves nothing. `jwk` is for DPoP proofs alone, which read it themselves.
const FOREIGN_KEYS = ['jwk', 'jku', 'x5u', 'x5c']
const UNSUPPORTED = ['crit', 'b64', 'zip', 'enc']

/** Throws `TokenFault`. With `ownKey` the header brings its own `jwk`, as a DPoP proof must. */
export function readJws(token: string, options: { ownKey?: boolean } = {}): UnverifiedJws {
  if (token.length > MAX_CHARS) throw new TokenFault('The token is too long')
  const [head, body, signature, ...more] = token.split('.')
  if (head === undefined || body === undefined || signature === undefined || more.length > 0)
    throw new TokenFault('The token does not have three parts')
  const header = objectOf(head)
  for (const name of UNSUPPORTED) if (name in header) throw new TokenFault(`The header has ${name}`)
  for (const name of FOREIGN_KEYS)
    if (name in header && !(name === 'jwk' && options.ownKey === true)) throw new TokenFault(`The header has ${name}`)
  bytesOf(signature)
  const { alg, kid } = header
  if (typeof alg !== 'string') throw new TokenFault('The header names no algorithm')
  if (kid !== undefined && typeof kid !== 'string') throw new TokenFault('The kid is no text')
  return { header, claims: objectOf(body), alg, kid }
}

/** Throws `TokenFault` unless `key` signed exactly these bytes by exactly this algorithm. */
export async function verifySignature(token: string, key: CryptoKey, alg: Algorithm): Promise<void> {
  try {
    await compactVerify(token, key, { algorithms: [alg] })
  } catch {
    throw new TokenFault('The signature is not of the key that the token names')
  }
}

function objectOf(part: string): Claims {
  try {
    return strictJson(bytesOf(part))
  } catch (thrown) {
    if (thrown instanceof TokenFault) throw thrown
    throw new TokenFault('A part of the token is not strict JSON')
  }
}

// RFC 7515 §2: no padding. The unused bits of the last character must be zero, or one token has several spellings.
function bytesOf(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url')
  if (!PART.test(part) || bytes.toString('base64url') !== part)
    throw new TokenFault('A part is not canonical base64url')
  return bytes
}
