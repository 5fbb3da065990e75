// A real authorization server (oidc-provider) on loopback TLS, whose private keys the harness knows, so that it can also forge.
import { generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto'
import { createServer, request } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type Certificate, certificateAuthority } from '../../packages/testkit/src/certificates.ts'
import { Provider } from 'oidc-provider'
import { exchange } from './token-exchange.ts'

export type SigningKey = Readonly<{ kid: string; alg: string; key: KeyObject }>

export type AuthorizationServer = Readonly<{
  issuer: string
  /** A second issuer on the same machine, with keys of its own. */
  second: string
  ca: string
  keys: Readonly<Record<'rsa' | 'ec' | 'second', SigningKey>>
  client: Readonly<{ id: string; secret: string }>
  /** Asks the token endpoint with the client credentials grant. */
  grant(options: {
    client?: (typeof CLIENTS)[number]
    resource: string
    scope: string
    dpop?: string
    /** Shown to the token endpoint: the token is bound to it. */
    own?: Certificate
  }): Promise<Granted>
  revoke(token: string): Promise<number>
  /** What is served in place of the key set, until `undefined` is put back. */
  serveKeys(answer: KeysAnswer | undefined): void
  /** Requests for the key set and for introspection so far. */
  asked(): Readonly<{ keys: number; introspection: number }>
  close(): Promise<void>
}>
export type Granted = Readonly<{ status: number; access_token: string; token_type: string; error?: string }>
export type KeysAnswer = Readonly<{
  status?: number
  body?: string
  headers?: Record<string, string>
  delayMs?: number
}>

const NAME = 'issuer.corp'
const CLIENTS = ['agent', 'opaque-agent', 'mtls-agent', 'mtls-opaque-agent'] as const
const SECRET = 'a-secret-of-the-test-that-opens-nothing-else'

/** `tokens` is the list of scopes a resource knows. With `host` the certificate and the issuer carry another name. */
export async function authorizationServer(
  scopes: string,
  options: { host?: string; port?: number } = {},
): Promise<AuthorizationServer> {
  const host = options.host ?? NAME
  const authority = await certificateAuthority('authorization server of the tests')
  const tls = await authority.issue([host, '127.0.0.1'])
  const keys = { rsa: rsaKey('rsa-1'), ec: ecKey('ec-1'), second: rsaKey('second-1') }
  const asked = { keys: 0, introspection: 0 }
  let override: KeysAnswer | undefined
  const held: { handle?: ReturnType<Provider['callback']> } = {}
  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (incoming, outgoing) => {
    const path = incoming.url ?? ''
    if (path === '/second/jwks') return void outgoing.end(JSON.stringify({ keys: [publicJwk(keys.second)] }))
    if (path === '/exchange')
      return void exchange(incoming, keys.rsa, SECRET).then((answer) =>
        outgoing.writeHead(answer.status).end(answer.body),
      )
    if (path === '/token/introspection') asked.introspection += 1
    if (path === '/jwks') asked.keys += 1
    if (path === '/jwks' && override !== undefined) {
      const { status = 200, body = '', headers = {}, delayMs = 0 } = override
      return void setTimeout(() => outgoing.writeHead(status, headers).end(body), delayMs)
    }
    void held.handle?.(incoming, outgoing)
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const issuer = `https://${host}:${port}`
  const provider = new Provider(issuer, {
    clients: CLIENTS.map((id) => ({
      client_id: id,
      tls_client_certificate_bound_access_tokens: id.startsWith('mtls-'),
      client_secret: SECRET,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    jwks: { keys: [keys.rsa, keys.ec].map(privateJwk) },
    scopes: scopes.split(' '),
    ttl: { ClientCredentials: 600 },
    extraTokenClaims: () => ({ tenant: 'acme' }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      dPoP: { enabled: true },
      mTLS: { enabled: true, certificateBoundAccessTokens: true, getCertificate: ({ socket }) => shownBy(socket) },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource, client) => ({
          scope: scopes,
          audience: resource,
          accessTokenTTL: 600,
          accessTokenFormat: client.clientId.endsWith('opaque-agent') ? 'opaque' : 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  })
  held.handle = provider.callback()
  const send = (
    path: string,
    form: Record<string, string>,
    id: string,
    headers: Record<string, string> = {},
    own: Partial<Certificate> = {},
  ) =>
    new Promise<{ status: number; text: string }>((resolve, fail) => {
      const authorization = `Basic ${Buffer.from(`${id}:${SECRET}`).toString('base64')}`
      const type = 'application/x-www-form-urlencoded'
      const sent = request(
        {
          ...{ host: '127.0.0.1', port, servername: host, ca: authority.ca, method: 'POST', path, agent: false },
          ...own,
          headers: { host: `${host}:${port}`, authorization, 'content-type': type, ...headers },
        },
        (answer) => {
          let text = ''
          answer.on('data', (chunk) => (text += String(chunk)))
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
        },
      )
      sent.on('error', fail).end(new URLSearchParams(form).toString())
    })
  return {
    issuer,
    second: `${issuer}/second`,
    ca: authority.ca,
    keys,
    client: { id: 'agent', secret: SECRET },
    async grant({ client = 'agent', resource, scope, dpop, own }) {
      const form = { grant_type: 'client_credentials', resource, scope }
      const { status, text } = await send('/token', form, client, dpop === undefined ? {} : { dpop }, own)
      return { status, ...(JSON.parse(text) as Omit<Granted, 'status'>) }
    },
    revoke: async (token) => (await send('/token/revocation', { token }, 'opaque-agent')).status,
    serveKeys: (answer) => {
      override = answer
    },
    asked: () => ({ ...asked }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const shownBy = (socket: Socket) => (socket as TLSSocket).getPeerX509Certificate()?.toString()

export const rsaKey = (kid: string, modulusLength = 2048, alg = 'RS256'): SigningKey => ({
  ...{ kid, alg },
  key: generateKeyPairSync('rsa', { modulusLength }).privateKey,
})
export const ecKey = (kid: string, namedCurve = 'P-256', alg = 'ES256'): SigningKey => ({
  ...{ kid, alg },
  key: generateKeyPairSync('ec', { namedCurve }).privateKey,
})
export const edKey = (kid: string, alg = 'EdDSA'): SigningKey => ({
  ...{ kid, alg },
  key: generateKeyPairSync('ed25519').privateKey,
})

export const privateJwk = ({ kid, alg, key }: SigningKey): JsonWebKey => ({
  ...key.export({ format: 'jwk' }),
  ...{ kid, alg, use: 'sig' },
})

const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi']
export function publicJwk(from: SigningKey): JsonWebKey {
  return Object.fromEntries(Object.entries(privateJwk(from)).filter(([name]) => !PRIVATE.includes(name)))
}
