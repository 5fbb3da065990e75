// Streamable HTTP: one request walks past the guards in a fixed order, and only an authenticated one has its body read.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Principal } from '@hardened-mcp/security-core'
import type { HttpAuthenticator } from '../identity/http-authenticator.ts'
import type { ResourceServer } from '../identity/oauth/resource-server.ts'
import type { Certificate } from './certificate-files.ts'
import { clientCertificates } from './client-certificate.ts'
import { failureThrottle } from './failure-throttle.ts'
import { type AuthEvent, httpAdmission } from './http-admission.ts'
import { describe, FAULT, health, MAX_BODY_BYTES, readiness, reject, relay, TOO_LARGE } from './http-answer.ts'
import { type HttpLimits, httpGuard, httpLimits } from './http-guard.ts'
import { answerLegacy } from './legacy.ts'
import { isLegacyRequest, modernHandler } from './modern.ts'
import { peerOf, proxyList } from './peer.ts'
import type { Registry } from './registry.ts'
import { strictJson } from './strict-json.ts'

export type { AuthEvent } from './http-admission.ts'

export type HttpOptions = Readonly<{
  registry: Registry
  host: string
  port: number
  tls?: Certificate
  /** Asks clients for a certificate: tokens can be bound to one. */
  boundToCertificates?: boolean
  trustedProxies?: readonly string[]
  allowedHosts?: readonly string[]
  allowedOrigins?: readonly string[]
  /** Judges the values of all Authorization and DPoP headers of one request. */
  authenticate: HttpAuthenticator
  /** What an OAuth resource server tells its clients; left out where API keys are the only credentials. */
  oauth?: ResourceServer
  /** Awaited: an authentication that cannot be recorded is not accepted. */
  onAuth: (event: AuthEvent) => Promise<void>
  healthy: () => boolean
  /** One word for what is wrong and does not stop calls. */
  trouble?: () => string | undefined
  /** One word for each thing without which no call can be answered. */
  notReady?: () => readonly string[]
  /** Milliseconds that no correction of the clock moves. */
  now: () => number
  onerror: (error: Error) => void
}>

export type HttpServing = Readonly<{
  url: string
  /** Shows this certificate from the next connection on. */
  renew: (tls: Certificate) => void
  close(): Promise<void>
}>

const MAX_CONNECTIONS = 512
const NODE_LIMITS = {
  headersTimeout: 10_000, // also of a connection that never says a word
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000, // how late the two above may be noticed
  maxHeaderSize: 16 * 1024,
  keepAliveTimeout: 5_000,
}
const TLS_LIMITS = { minVersion: 'TLSv1.2', handshakeTimeout: 10_000 } as const
const tlsOptions = (tls: Certificate, { boundToCertificates = false }: HttpOptions) => ({
  ...{ ...NODE_LIMITS, ...TLS_LIMITS, ...tls },
  ...clientCertificates(tls, boundToCertificates),
})

/** Listens and serves. Throws `RangeError` with one line when the address needs TLS or a declared proxy and has neither. */
export async function serveHttp(options: HttpOptions): Promise<HttpServing> {
  const { host, port, tls, trustedProxies } = options
  let limits: HttpLimits = httpLimits(options, port) // a refused address is refused before anything listens
  const proxies = trustedProxies === undefined ? undefined : proxyList(trustedProxies)
  const modern = modernHandler(options.registry, options.onerror)
  const { oauth, registry } = options
  const admission = httpAdmission({ ...options, oauth, registry, throttle: failureThrottle(options.now) })
  // Keeps the web request as long as its answer: its signal no longer fires once the request itself was collected.
  const open = new Map<ServerResponse, Request | undefined>()

  const listener: RequestListener = (request, response) => {
    open.set(response, undefined)
    response.on('close', () => open.delete(response))
    answer(request, response).catch((thrown: unknown) => {
      if (response.destroyed) return // the client went away, which is not a fault
      options.onerror(thrown instanceof Error ? thrown : new Error('A non-error was thrown'))
      reject(request, response, FAULT)
    })
  }
  const secure = tls === undefined ? undefined : createTlsServer(tlsOptions(tls, options), listener)
  const server: Server = secure ?? createServer(NODE_LIMITS, listener)
  server.maxConnections = MAX_CONNECTIONS
  server.on('checkContinue', listener) // 100 Continue would invite the body of somebody not yet authenticated
  await listening(server, host, port)
  const bound = (server.address() as AddressInfo).port
  limits = httpLimits(options, bound)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const rejection = httpGuard(request, limits)
    if (rejection !== undefined) return reject(request, response, rejection)
    if (request.url === '/healthz') return health(response, options.healthy(), options.trouble?.())
    if (request.url === '/readyz') return readiness(response, options.notReady?.() ?? [])
    if (oauth?.metadataPaths.has(request.url ?? '') === true) return describe(response, oauth.metadata)
    const peer = peerOf(request, proxies)
    if ('rejection' in peer) return reject(request, response, peer.rejection)
    const caller = await admission.admit(request, response, peer.address)
    if (caller === undefined) return
    if (request.headers.expect !== undefined) response.writeContinue()
    const body = await readBody(request)
    if (body === undefined) return reject(request, response, TOO_LARGE)
    let message: Record<string, unknown>
    try {
      message = strictJson(body)
    } catch (thrown) {
      if (!(thrown instanceof SyntaxError)) throw thrown
      return reject(request, response, { status: 400, message: thrown.message })
    }
    const narrowed = await admission.narrow(request, message, caller, peer.address)
    if (narrowed !== undefined) return reject(request, response, narrowed)
    let wanted: readonly string[] | undefined
    const web = await dispatch(request, response, message, caller, (scopes) => (wanted = scopes))
    if (oauth !== undefined && wanted !== undefined)
      return reject(request, response, admission.stepUp(request, oauth, wanted))
    await relay(web, response)
  }

  async function dispatch(
    request: IncomingMessage,
    response: ServerResponse,
    message: unknown,
    caller: Principal,
    onStepUp: (scopes: readonly string[]) => void,
  ): Promise<Response> {
    const gone = new AbortController()
    response.on('close', () => gone.abort()) // answered or disconnected: either way nothing may go on
    const web = new Request(`http://${request.headers.host}/mcp`, {
      method: 'POST',
      headers: webHeaders(request),
      signal: gone.signal,
    })
    if (response.destroyed) gone.abort()
    else open.set(response, web)
    const registry = heard(options.registry, onStepUp)
    if (await isLegacyRequest(web, message)) return answerLegacy(registry, caller, web, message)
    const authInfo = { token: '', clientId: caller.id, scopes: [], extra: { caller, registry } } // the token itself goes no further
    return modern.fetch(web, { authInfo, parsedBody: message })
  }

  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${bound}/mcp`,
    renew: (pair) => secure?.setSecureContext({ ...TLS_LIMITS, ...pair }),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      for (const response of open.keys()) if (!response.headersSent) response.setHeader('connection', 'close')
      await Promise.all([...open.keys()].map(ended)) // the calls in flight: closing their handler would cut them off
      await modern.close()
      await closed
    },
  }
}

// A call that lacks scope is answered by status and header, which the protocol layer does not write.
const heard = (registry: Registry, onStepUp: (scopes: readonly string[]) => void): Registry => ({
  ...registry,
  async call(params) {
    const result = await registry.call(params)
    if (result?.ask?.strength === 'step_up') onStepUp(result.ask.scopes)
    return result
  },
})

const ended = (response: ServerResponse) => new Promise((resolve) => response.once('close', resolve))

const listening = (server: Server, host: string, port: number) =>
  new Promise<void>((resolve, fail) => {
    server.once('error', (error) => fail(new RangeError(`Cannot listen on ${host}:${port}: ${error.message}`)))
    server.listen(port, host, resolve)
  })

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
    ([name]) => name !== 'authorization' && name !== 'dpop' && name !== 'cookie' && name !== 'transfer-encoding',
  )
  return kept.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as [string, string]] : []))
}
