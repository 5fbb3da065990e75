// Streamable HTTP: one request walks past the guards in a fixed order, and only an authenticated one has its body read.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Principal } from '@hardened-mcp/security-core'
import type { Authentication, HttpAuthenticator } from '../identity/http-authenticator.ts'
import { failureThrottle } from './failure-throttle.ts'
import { type HttpLimits, httpGuard, MAX_BODY_BYTES, type Rejection, TOO_LARGE } from './http-guard.ts'
import { answerLegacy } from './legacy.ts'
import { isLegacyRequest, modernHandler } from './modern.ts'
import { peerOf, proxyList } from './peer.ts'
import type { Registry } from './registry.ts'
import { strictJson } from './strict-json.ts'

export type AuthEvent = Readonly<{ address: string; throttled: boolean }> & Authentication

export type HttpOptions = Readonly<{
  registry: Registry
  host: string
  port: number
  tls?: Readonly<{ cert: string; key: string }>
  trustedProxies?: readonly string[]
  allowedHosts?: readonly string[]
  allowedOrigins?: readonly string[]
  /** Judges the values of all Authorization headers of one request. */
  authenticate: HttpAuthenticator
  /** Awaited: an authentication that cannot be recorded is not accepted. */
  onAuth: (event: AuthEvent) => Promise<void>
  healthy: () => boolean
  now: () => number
  onerror: (error: Error) => void
}>

export type HttpServing = Readonly<{ url: string; close(): Promise<void> }>

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])
const MAX_CONNECTIONS = 512
const NODE_LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  maxHeaderSize: 16 * 1024,
  keepAliveTimeout: 5_000,
}

/** Listens and serves. Throws `RangeError` with one line when the address needs TLS or a declared proxy and has neither. */
export async function serveHttp(options: HttpOptions): Promise<HttpServing> {
  const { host, port, tls, trustedProxies } = options
  if (!LOOPBACK.has(host) && tls === undefined && trustedProxies === undefined) {
    throw new RangeError(`Binding to ${host} needs TLS (--tls-cert, --tls-key) or a declared proxy (--trusted-proxy)`)
  }
  const proxies = trustedProxies === undefined ? undefined : proxyList(trustedProxies)
  const modern = modernHandler(options.registry, options.onerror)
  const throttle = failureThrottle(options.now)
  let limits: HttpLimits = { allowedHosts: new Set(), allowedOrigins: new Set() }
  const busy = new Set<ServerResponse>()

  const listener: RequestListener = (request, response) => {
    busy.add(response)
    response.on('close', () => busy.delete(response))
    answer(request, response).catch((thrown: unknown) => {
      options.onerror(thrown instanceof Error ? thrown : new Error('A non-error was thrown'))
      reject(request, response, { status: 500, message: 'Internal error' })
    })
  }
  const server: Server =
    tls === undefined
      ? createServer(NODE_LIMITS, listener)
      : createTlsServer({ ...NODE_LIMITS, ...tls, minVersion: 'TLSv1.2' }, listener)
  server.maxConnections = MAX_CONNECTIONS
  await listening(server, host, port)
  const bound = (server.address() as AddressInfo).port
  limits = limitsOf(options, bound)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const rejection = httpGuard(request, limits)
    if (rejection !== undefined) return reject(request, response, rejection)
    if (request.url === '/healthz') return health(response, options.healthy())
    const peer = peerOf(request, proxies)
    if ('rejection' in peer) return reject(request, response, peer.rejection)
    const authentication = options.authenticate(request.headersDistinct['authorization'] ?? [])
    const waitMs = authentication.ok ? 0 : throttle(peer.address)
    try {
      await options.onAuth({ address: peer.address, throttled: waitMs > 0, ...authentication })
    } catch {
      return reject(request, response, NOT_RECORDED)
    }
    if (!authentication.ok)
      return reject(request, response, waitMs > 0 ? throttled(waitMs) : unauthorized(authentication.failure))
    const body = await readBody(request)
    if (body === undefined) return reject(request, response, TOO_LARGE)
    let message: Record<string, unknown>
    try {
      message = strictJson(body)
    } catch (thrown) {
      return reject(request, response, { status: 400, message: (thrown as SyntaxError).message })
    }
    await relay(await dispatch(request, response, message, authentication.caller), response)
  }

  async function dispatch(
    request: IncomingMessage,
    response: ServerResponse,
    message: unknown,
    caller: Principal,
  ): Promise<Response> {
    const gone = new AbortController()
    response.on('close', () => gone.abort()) // answered or disconnected: either way nothing may go on
    const web = new Request(`http://${request.headers.host}/mcp`, {
      method: 'POST',
      headers: webHeaders(request),
      signal: gone.signal,
    })
    if (await isLegacyRequest(web, message)) return answerLegacy(options.registry, caller, web, message)
    const authInfo = { token: '', clientId: caller.id, scopes: [], extra: { caller } } // the token itself goes no further
    return modern.fetch(web, { authInfo, parsedBody: message })
  }

  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${bound}/mcp`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      for (const response of busy) response.setHeader('connection', 'close')
      await modern.close()
      await closed
    },
  }
}

function limitsOf({ host, allowedHosts, allowedOrigins }: HttpOptions, port: number): HttpLimits {
  const local = ['localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${port}`)
  if (allowedHosts === undefined && !LOOPBACK.has(host))
    throw new RangeError(`Binding to ${host} needs --allowed-host, the name clients use`)
  return {
    allowedHosts: new Set((allowedHosts ?? local).map((name) => name.toLowerCase())),
    allowedOrigins: new Set(allowedOrigins ?? (LOOPBACK.has(host) ? local.map((name) => `http://${name}`) : [])),
  }
}

const listening = (server: Server, host: string, port: number) =>
  new Promise<void>((resolve, fail) => {
    server.once('error', (error) => fail(new RangeError(`Cannot listen on ${host}:${port}: ${error.message}`)))
    server.listen(port, host, resolve)
  })

// Only constants reach the header. No error attribute when no credential was sent (RFC 6750 §3.1).
const unauthorized = (failure: 'missing' | 'invalid'): Rejection => ({
  status: 401,
  message: 'Authentication is needed',
  headers: { 'www-authenticate': `Bearer realm="mcp"${failure === 'invalid' ? ', error="invalid_token"' : ''}` },
})

const throttled = (waitMs: number): Rejection => ({
  status: 429,
  message: 'Too many failed attempts',
  headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) },
})

const NOT_RECORDED: Rejection = {
  status: 503,
  message: 'The audit trail cannot be written',
  headers: { 'retry-after': '5' },
}

const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

function reject(request: IncomingMessage, response: ServerResponse, { status, message, headers }: Rejection): void {
  if (response.headersSent) return void response.destroy()
  const body = JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32000, message } })
  response.writeHead(status, { ...COMMON_HEADERS, ...headers, 'content-type': 'application/json', connection: 'close' })
  response.end(body)
  request.resume() // what is still coming is thrown away, and the connection closes with the answer
}

function health(response: ServerResponse, healthy: boolean): void {
  response
    .writeHead(healthy ? 200 : 503, { ...COMMON_HEADERS, 'content-type': 'text/plain' })
    .end(healthy ? 'ok\n' : 'unhealthy\n')
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, bytes)
}

// The credential stays here: what the protocol layer cannot see, it cannot pass on.
function webHeaders(request: IncomingMessage): [string, string][] {
  const kept = Object.entries(request.headers).filter(
    ([name]) => name !== 'authorization' && name !== 'cookie' && name !== 'transfer-encoding',
  )
  return kept.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as [string, string]] : []))
}

async function relay(web: Response, response: ServerResponse): Promise<void> {
  response.writeHead(web.status, { ...Object.fromEntries(web.headers), ...COMMON_HEADERS })
  for await (const chunk of web.body ?? []) {
    if (response.destroyed) return
    response.write(chunk)
  }
  response.end()
}
