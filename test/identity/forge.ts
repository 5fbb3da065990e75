// Makes tokens and proofs of every shape: the ones an authorization server would issue, and the ones it never would.
import { constants, createHash, createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { publicJwk, type SigningKey } from './authorization-server.ts'

export type Json = Readonly<Record<string, unknown>>

/** Members with the value `undefined` are left out. Times are seconds from now. */
export type Shape = Readonly<{ header?: Json; claims?: Json; key?: SigningKey; alg?: string; secret?: string | Buffer }>

export const base64url = (bytes: string | Buffer) => Buffer.from(bytes).toString('base64url')
export const seconds = (fromNow = 0) => Math.floor(Date.now() / 1000) + fromNow

/** The signature over `input`, also by algorithms that nobody should accept. */
export function signatureOf(input: string, alg: string, key: KeyObject, secret: string | Buffer = ''): string {
  const data = Buffer.from(input)
  const bits = alg.slice(2)
  const digest = `sha${/^(256|384|512)$/.test(bits) ? bits : '256'}`
  if (alg.toLowerCase() === 'none') return ''
  if (alg.startsWith('HS')) return base64url(createHmac(digest, secret).update(data).digest())
  if (alg.startsWith('PS'))
    return base64url(
      sign(digest, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(bits) / 8 }),
    )
  if (alg.startsWith('ES')) return base64url(sign(digest, data, { key, dsaEncoding: 'ieee-p1363' }))
  return base64url(alg.startsWith('Ed') ? sign(null, data, key) : sign(digest, data, key))
}

export function compact(header: Json | string, claims: Json | string, key: SigningKey, shape: Shape = {}): string {
  const textOf = (part: Json | string) => base64url(typeof part === 'string' ? part : JSON.stringify(part))
  const input = `${textOf(header)}.${textOf(claims)}`
  return `${input}.${signatureOf(input, shape.alg ?? key.alg, key.key, shape.secret)}`
}

export type Forge = Readonly<{
  claims(over?: Json): Json
  header(over?: Json): Json
  token(shape?: Shape): string
}>

/** `issuer` signs with `key`; what is not overridden is what a good token of it says. */
export function forge(from: {
  issuer: string
  resource: string
  scope: string
  key: SigningKey
  tenant: string
}): Forge {
  const claims = (over: Json = {}): Json => ({
    ...{ iss: from.issuer, aud: from.resource, sub: 'agent', client_id: 'agent', jti: randomUUID() },
    ...{ iat: seconds(), exp: seconds(300), scope: from.scope, tenant: from.tenant },
    ...over,
  })
  const header = (over: Json = {}): Json => ({ alg: from.key.alg, typ: 'at+jwt', kid: from.key.kid, ...over })
  return {
    claims,
    header,
    token: (shape = {}) => {
      const key = shape.key ?? from.key
      const alg = shape.alg ?? key.alg
      return compact(header({ alg, kid: key.kid, ...shape.header }), claims(shape.claims), key, { ...shape, alg })
    },
  }
}

export type ProofKey = SigningKey & Readonly<{ jkt: string }>

export function proofKey(kind: 'ec' | 'rsa' | 'ed' = 'ec'): ProofKey {
  const [alg, key]: readonly [string, KeyObject] =
    kind === 'ec'
      ? ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey]
      : kind === 'rsa'
        ? ['PS256', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey]
        : ['EdDSA', generateKeyPairSync('ed25519').privateKey]
  return { kid: '', alg, key, jkt: thumbprint(key) }
}

/** The public key as a proof carries it. */
export function bareJwk(key: SigningKey): Json {
  const { kid: _, use: __, alg: ___, ...jwk } = publicJwk(key)
  return jwk
}

// RFC 7638 §3.2: the required members alone, in the order of their names.
function thumbprint(key: KeyObject): string {
  const { crv, e, kty, n, x, y } = key.export({ format: 'jwk' })
  const members = Object.entries({ crv, e, kty, n, x, y }).filter(([, value]) => value !== undefined)
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(members)))
    .digest('base64url')
}

/** A DPoP proof for one POST to `url` with `token`. */
export function proof(key: ProofKey, url: string, token: string, shape: Shape = {}): string {
  const alg = shape.alg ?? key.alg
  const header = { alg, typ: 'dpop+jwt', jwk: bareJwk(key), ...shape.header }
  const ath = createHash('sha256').update(token).digest('base64url')
  const claims = { htm: 'POST', htu: url, iat: seconds(), jti: randomUUID(), ath, ...shape.claims }
  return compact(header, claims, shape.key ?? key, { ...shape, alg })
}
