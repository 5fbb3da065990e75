// The matrix of access tokens: what a resource server has to accept and to refuse, row by row, for any server that speaks MCP.
import type { AuthorizationServer } from './authorization-server.ts'
import { ecKey, publicJwk, rsaKey } from './authorization-server.ts'
import { base64url, compact, type Forge, type Json, seconds, type Shape } from './forge.ts'

export type Kit = Readonly<{
  server: AuthorizationServer
  forge: Forge
  second: Forge
  resource: string
  scope: string
}>
export type Fields = Readonly<{ authorization: string | readonly string[] }>
export type TokenCase = Readonly<{
  name: string
  status: 200 | 401 | 403
  /** `second` rows need a server that also trusts the second issuer. */
  group: 'claims' | 'header' | 'signature' | 'shape' | 'field' | 'second'
  fields: (kit: Kit) => Fields
}>

type Row = readonly [name: string, status: 200 | 401 | 403, shape: Shape | ((kit: Kit) => Shape)]
const bearer = (token: string): Fields => ({ authorization: `Bearer ${token}` })
const rows = (group: TokenCase['group'], list: readonly Row[], who: 'forge' | 'second' = 'forge'): TokenCase[] =>
  list.map(([name, status, shape]) => ({
    ...{ name, status, group },
    fields: (kit) => bearer(kit[who].token(typeof shape === 'function' ? shape(kit) : shape)),
  }))
const claims = (over: Json): Shape => ({ claims: over })
const header = (over: Json): Shape => ({ header: over })

const CLAIMS: readonly Row[] = [
  ['a good token', 200, {}],
  ['an expiry 20 s ago, within the skew', 200, () => claims({ iat: seconds(-100), exp: seconds(-20) })],
  ['an expiry 45 s ago', 401, () => claims({ iat: seconds(-100), exp: seconds(-45) })],
  ['an expiry in 1970', 401, claims({ exp: 0 })],
  ['no expiry', 401, claims({ exp: undefined })],
  ['an expiry as text', 401, () => claims({ exp: String(seconds(300)) })],
  ['an expiry of null', 401, claims({ exp: null })],
  ['an expiry in milliseconds', 401, () => claims({ exp: seconds(300) * 1000 })],
  ['an endless expiry', 401, claims({ exp: 1e300 })],
  ['a life of 23 hours', 200, () => claims({ exp: seconds(82_800) })],
  ['a life of 25 hours', 401, () => claims({ exp: seconds(90_000) })],
  ['an expiry before its issue', 401, () => claims({ iat: seconds(20), exp: seconds(10) })],
  ['no time of issue', 401, claims({ iat: undefined })],
  ['a time of issue as text', 401, claims({ iat: '1' })],
  ['issued 20 s ahead, within the skew', 200, () => claims({ iat: seconds(20) })],
  ['issued 45 s ahead', 401, () => claims({ iat: seconds(45) })],
  ['valid from now on', 200, () => claims({ nbf: seconds() })],
  ['valid in 45 s', 401, () => claims({ nbf: seconds(45) })],
  ['a start as text', 401, claims({ nbf: 'now' })],
  ['a negative start', 401, claims({ nbf: -1 })],
  ['another issuer', 401, claims({ iss: 'https://evil.example' })],
  ['no issuer', 401, claims({ iss: undefined })],
  ['the issuer with a slash behind it', 401, ({ server }) => claims({ iss: `${server.issuer}/` })],
  ['the issuer in capitals', 401, ({ server }) => claims({ iss: server.issuer.toUpperCase() })],
  ['the issuer in a list', 401, ({ server }) => claims({ iss: [server.issuer] })],
  ['another audience', 401, claims({ aud: 'https://other.example/mcp' })],
  ['no audience', 401, claims({ aud: undefined })],
  ['an empty list of audiences', 401, claims({ aud: [] })],
  ['the audience as a list of one', 200, ({ resource }) => claims({ aud: [resource] })],
  ['ours and another audience', 401, ({ resource }) => claims({ aud: [resource, 'https://other.example/mcp'] })],
  ['the audience with a slash behind it', 401, ({ resource }) => claims({ aud: `${resource}/` })],
  ['a prefix of the audience', 401, ({ resource }) => claims({ aud: resource.slice(0, -1) })],
  ['the origin as the audience', 401, ({ resource }) => claims({ aud: new URL(resource).origin })],
  ['the audience in capitals', 401, ({ resource }) => claims({ aud: resource.toUpperCase() })],
  ['the client as the audience, as in an ID token', 401, claims({ aud: 'agent' })],
  ['no subject', 401, claims({ sub: undefined })],
  ['an empty subject', 401, claims({ sub: '' })],
  ['a subject that is a number', 401, claims({ sub: 7 })],
  ['a subject with a line break', 401, claims({ sub: 'a\nb' })],
  ['a subject of 300 characters', 401, claims({ sub: 'a'.repeat(300) })],
  ['a subject with a bar, as some issuers write it', 200, claims({ sub: 'auth0|5f7c8ec7c33c6c004bbafe82' })],
  ['no client', 401, claims({ client_id: undefined })],
  ['a client that is an object', 401, claims({ client_id: {} })],
  ['no jti', 401, claims({ jti: undefined })],
  ['a jti that is a number', 401, claims({ jti: 1 })],
  ['a revoked jti', 401, claims({ jti: 'revoked-token' })],
  ['no tenant', 401, claims({ tenant: undefined })],
  ['a tenant that is a path', 401, claims({ tenant: '../acme' })],
  ['a tenant that the issuer may not speak for', 401, claims({ tenant: 'globex' })],
  ['a list of tenants', 401, claims({ tenant: ['acme'] })],
  ['the tenant in capitals', 401, claims({ tenant: 'ACME' })],
  ['no scope', 200, claims({ scope: undefined })],
  ['a scope that is a number', 401, claims({ scope: 1 })],
  ['a scope that is an object', 401, claims({ scope: { all: true } })],
  ['one actor', 200, claims({ act: { sub: 'gateway' } })],
  ['three actors', 200, claims({ act: { sub: 'a', act: { sub: 'b', act: { sub: 'c' } } } })],
  ['an actor nobody named', 403, claims({ act: { sub: 'stranger' } })],
  ['a stranger behind a known actor', 403, claims({ act: { sub: 'a', act: { sub: 'stranger' } } })],
  ['this very server among the actors', 403, claims({ act: { sub: 'a', act: { sub: 'notes' } } })],
  ['an expired token of a stranger', 401, claims({ act: { sub: 'stranger' }, exp: seconds(-100), iat: seconds(-200) })],
  ['four actors', 403, claims({ act: { sub: 'a', act: { sub: 'b', act: { sub: 'c', act: { sub: 'd' } } } } })],
  ['an actor without a name', 401, claims({ act: {} })],
  ['an actor that is text', 401, claims({ act: 'gateway' })],
  ['a binding to a certificate, which cannot be checked', 401, claims({ cnf: { 'x5t#S256': 'A'.repeat(43) } })],
  ['a binding to a key, sent as Bearer', 401, claims({ cnf: { jkt: 'A'.repeat(43) } })],
  ['a binding that is empty', 401, claims({ cnf: {} })],
  ['a binding that is text', 401, claims({ cnf: 'jkt' })],
  ['a binding of null', 401, claims({ cnf: null })],
  ['a claim that nobody knows', 200, claims({ 'https://example.com/extra': { a: 1 } })],
]

const HEADERS: readonly Row[] = [
  ['the type with its prefix', 200, header({ typ: 'application/at+jwt' })],
  ['the type in capitals', 200, header({ typ: 'AT+JWT' })],
  ['a plain JWT', 401, header({ typ: 'JWT' })],
  ['no type', 401, header({ typ: undefined })],
  ['a logout token', 401, header({ typ: 'logout+jwt' })],
  ['a DPoP proof', 401, header({ typ: 'dpop+jwt' })],
  ['an ID token', 401, { header: { typ: 'JWT' }, claims: { aud: 'agent', nonce: 'n' } }],
  ['a type that is a list', 401, header({ typ: ['at+jwt'] })],
  ['no kid', 401, header({ kid: undefined })],
  ['an unknown kid', 401, header({ kid: 'nobody' })],
  ['the kid of another key', 401, header({ kid: 'ec-1' })],
  ['a kid that is a path', 401, header({ kid: '../../dev/null' })],
  ['a kid that is a number', 401, header({ kid: 1 })],
  ['a kid of Object.prototype', 401, header({ kid: '__proto__' })],
  ['a key of its own (jwk)', 401, () => ownKey((key) => ({ jwk: publicJwk(key) }))],
  ['an address of keys (jku)', 401, header({ jku: 'https://evil.example/jwks' })],
  ['the right address of keys (jku)', 401, ({ server }) => header({ jku: `${server.issuer}/jwks` })],
  ['an address of a certificate (x5u)', 401, header({ x5u: 'https://evil.example/cert' })],
  ['a certificate of its own (x5c)', 401, header({ x5c: ['MIIB'] })],
  ['a digest of a certificate, which is only a hint', 200, header({ x5t: 'abc' })],
  ['a critical extension', 401, header({ crit: ['exp'] })],
  ['an empty list of critical extensions', 401, header({ crit: [] })],
  ['an unencoded payload (b64)', 401, header({ b64: false, crit: ['b64'] })],
  ['a compressed payload (zip)', 401, header({ zip: 'DEF' })],
  ['an encryption (enc)', 401, header({ enc: 'A256GCM' })],
  ['no algorithm', 401, header({ alg: undefined })],
  ['an algorithm that is a list', 401, header({ alg: ['RS256'] })],
]
const ownKey = (bring: (key: ReturnType<typeof rsaKey>) => Json): Shape => {
  const key = rsaKey('rsa-1')
  return { key, header: bring(key) }
}

const SIGNATURES: readonly Row[] = [
  ['signed by the issuer’s other key and algorithm', 200, ({ server }) => ({ key: server.keys.ec })],
  ['alg none', 401, { alg: 'none' }],
  ['alg None', 401, { alg: 'None' }],
  ['alg NONE', 401, { alg: 'NONE' }],
  ['HMAC with the public key as PEM', 401, (kit) => ({ alg: 'HS256', secret: publicPem(kit) })],
  [
    'HMAC with the public key as JWK',
    401,
    ({ server }) => ({ alg: 'HS256', secret: JSON.stringify(publicJwk(server.keys.rsa)) }),
  ],
  ['HMAC with an empty secret', 401, { alg: 'HS256', secret: '' }],
  ['HMAC of 512 bits', 401, { alg: 'HS512', secret: 'x' }],
  ['PSS padding under a PKCS#1 key', 401, { alg: 'PS256' }],
  ['a longer hash', 401, { alg: 'RS384' }],
  ['the longest hash', 401, { alg: 'RS512' }],
  ['SHA-1', 401, { alg: 'RS1' }],
  ['the right kid on a foreign RSA key', 401, () => ({ key: rsaKey('rsa-1') })],
  ['the right kid on a foreign EC key', 401, () => ({ key: ecKey('ec-1') })],
  [
    'an RSA header over an EC signature',
    401,
    ({ server }) => ({ key: server.keys.ec, header: { alg: 'RS256', kid: 'rsa-1' } }),
  ],
  [
    'an EC header over an RSA signature',
    401,
    ({ server }) => ({ key: server.keys.rsa, header: { alg: 'ES256', kid: 'ec-1' } }),
  ],
  ['the key of the second issuer', 401, ({ server }) => ({ key: server.keys.second })],
]
const publicPem = ({ server }: Kit): string => server.keys.rsa.key.export({ type: 'pkcs1', format: 'pem' }).toString()

type Bend = (parts: [head: string, body: string, signature: string], kit: Kit) => string
const SHAPES: readonly (readonly [name: string, Bend])[] = [
  ['no signature', ([head, body]) => `${head}.${body}.`],
  ['two parts', ([head, body]) => `${head}.${body}`],
  ['four parts', (parts) => `${parts.join('.')}.x`],
  ['five parts, as an encrypted token has', (parts) => `${parts.join('.')}.x.y`],
  [
    'the first bit of the signature',
    ([head, body, s]) => `${head}.${body}.${s.startsWith('A') ? 'B' : 'A'}${s.slice(1)}`,
  ],
  ['a signature cut short', ([head, body, s]) => `${head}.${body}.${s.slice(0, -4)}`],
  ['a signature of zeros', ([head, body]) => `${head}.${body}.${base64url(Buffer.alloc(256))}`],
  ['another last character with the same bytes', (parts) => otherSpelling(parts.join('.'))],
  ['padding', (parts) => `${parts.join('.')}==`],
  [
    'a changed claim',
    ([head, , s], { forge }) => `${head}.${base64url(JSON.stringify(forge.claims({ sub: 'root' })))}.${s}`,
  ],
  ['the payload of another good token', ([head, , s], { forge }) => `${head}.${forge.token().split('.')[1]}.${s}`],
  ['a header that is no JSON', ([, body, s]) => `${base64url('{')}.${body}.${s}`],
  ['a header that is a list', ([, body, s]) => `${base64url('[]')}.${body}.${s}`],
  ['a double key in the header', (_, kit) => raw(kit, `{"alg":"RS256","typ":"at+jwt","kid":"x","kid":"rsa-1"}`)],
  [
    'a double claim',
    (_, kit) => raw(kit, undefined, JSON.stringify(kit.forge.claims()).replace('{', '{"sub":"root",')),
  ],
  ['a payload that is a list', (_, kit) => raw(kit, undefined, '[]')],
  ['a payload that is text', (_, kit) => raw(kit, undefined, '"agent"')],
  ['an empty payload', (_, kit) => raw(kit, undefined, '')],
  ['a payload that is not UTF-8', (_, kit) => raw(kit, undefined, `{"sub":"${String.fromCharCode(0xd800)}"`)],
  [
    'claims in another case',
    (_, kit) => raw(kit, undefined, JSON.stringify(kit.forge.claims()).replace('"exp"', '"EXP"')),
  ],
  ['claims on the prototype', (_, kit) => raw(kit, undefined, `{"__proto__":${JSON.stringify(kit.forge.claims())}}`)],
  ['9 KiB', (_, { forge }) => forge.token(claims({ extra: 'x'.repeat(7_000) }))],
]
const raw = ({ forge, server }: Kit, head?: string, body?: string) =>
  compact(head ?? forge.header(), body ?? forge.claims(), server.keys.rsa)

// The last character of 256 bytes carries four unused bits.
function otherSpelling(token: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return token.slice(0, -1) + (digits[digits.indexOf(token.at(-1) ?? '') + 1] ?? '')
}

const FIELDS: readonly (readonly [name: string, 200 | 401 | 403, (token: string) => Fields['authorization']])[] = [
  ['the scheme in lower case', 200, (token) => `bearer ${token}`],
  ['the scheme DPoP without a proof', 401, (token) => `DPoP ${token}`],
  ['the scheme ApiKey', 401, (token) => `ApiKey ${token}`],
  ['the scheme Basic', 401, (token) => `Basic ${token}`],
  ['no scheme', 401, (token) => token],
  ['a word behind the token', 401, (token) => `Bearer ${token} extra`],
  ['two spaces', 401, (token) => `Bearer  ${token}`],
  ['two tokens in one field', 401, (token) => `Bearer ${token}, Bearer ${token}`],
  ['two fields', 401, (token) => [`Bearer ${token}`, `Bearer ${token}`]],
  ['a token that is only a word', 401, () => 'Bearer token'],
]

const SECOND: readonly Row[] = [
  ['a good token of the second issuer', 200, {}],
  ['its plain type, which it was allowed in writing', 200, header({ typ: 'JWT' })],
  ['its missing type', 200, header({ typ: undefined })],
  ['its logout token', 401, header({ typ: 'logout+jwt' })],
  ['its second audience, which it was allowed in writing', 200, ({ resource }) => claims({ aud: ['x', resource] })],
  ['its audience alone elsewhere', 401, claims({ aud: ['x', 'y'] })],
  ['the tenant of the first issuer', 401, claims({ tenant: 'acme' })],
  ['the name of the first issuer over its own key', 401, ({ server }) => claims({ iss: server.issuer })],
  ['the key of the first issuer', 401, ({ server }) => ({ key: server.keys.rsa })],
  ['an algorithm that only the first may use', 401, ({ server }) => ({ key: server.keys.ec })],
]

export const TOKEN_CASES: readonly TokenCase[] = [
  ...rows('claims', CLAIMS),
  ...rows('header', HEADERS),
  ...rows('signature', SIGNATURES),
  ...SHAPES.map(
    ([name, bend]): TokenCase => ({
      ...{ name, status: 401, group: 'shape' },
      fields: (kit) => bearer(bend(kit.forge.token().split('.') as [string, string, string], kit)),
    }),
  ),
  ...FIELDS.map(
    ([name, status, field]): TokenCase => ({
      ...{ name, status, group: 'field' },
      fields: ({ forge }) => ({ authorization: field(forge.token()) }),
    }),
  ),
  ...rows('second', SECOND, 'second'),
]
