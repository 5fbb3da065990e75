// Question: is this HTTP request one that a client of this server would send?
// Threat:   DNS rebinding and cross-site requests from a browser (CVE-2025-66414 and kin), other verbs and types, oversized bodies.
// Rule:     Host is listed (421), Origin is absent or listed (403), the path is /mcp (404), POST (405), JSON (415), declared size (413).
// Limits:   looks at the request line and headers only, before a byte of the body is read; who is asking comes next.
//           /healthz and /readyz ask for no credential, but Host must be listed there too: a probe by address has to set it.
// Proof:    http.test.ts
import type { IncomingMessage } from 'node:http'
import { type Rejection, TOO_LARGE, MAX_BODY_BYTES } from './http-answer.ts'

export type HttpLimits = Readonly<{
  /** `host` or `host:port`, lower case, as a client puts it into the Host header. */
  allowedHosts: ReadonlySet<string>
  /** Serialised origins. `null` cannot be listed. */
  allowedOrigins: ReadonlySet<string>
  /** Where an OAuth resource server describes itself (RFC 9728); read without a credential. */
  metadataPaths?: ReadonlySet<string>
}>

type Head = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'headersDistinct'>

/** The first rule that the request breaks, in this order, or nothing. */
export function httpGuard(head: Head, limits: HttpLimits): Rejection | undefined {
  const hosts = head.headersDistinct['host'] ?? []
  if (hosts.length !== 1 || !limits.allowedHosts.has((hosts[0] as string).toLowerCase())) {
    return { status: 421, message: 'This host is not served here' }
  }
  const origins = head.headersDistinct['origin'] ?? []
  if (origins.length > 1 || (origins[0] !== undefined && !limits.allowedOrigins.has(origins[0]))) {
    return { status: 403, message: 'This origin is not allowed' }
  }
  if (head.url === '/healthz' || head.url === '/readyz')
    return head.method === 'GET' ? undefined : methodNotAllowed('GET')
  if (limits.metadataPaths?.has(head.url ?? '') === true)
    return head.method === 'GET' ? undefined : methodNotAllowed('GET')
  if (head.url !== '/mcp') return { status: 404, message: 'Not found' }
  if (head.method !== 'POST') return methodNotAllowed('POST') // no sessions: nothing to open with GET or to end with DELETE
  const types = head.headersDistinct['content-type'] ?? []
  if (types.length !== 1 || !/^application\/json\s*(;|$)/i.test(types[0] as string)) {
    return { status: 415, message: 'Content-Type must be application/json' }
  }
  if (head.headers['content-encoding'] !== undefined) return { status: 415, message: 'Encoded bodies are not accepted' }
  if (Number(head.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return TOO_LARGE
  return undefined
}

const methodNotAllowed = (allow: string): Rejection => ({
  status: 405,
  message: 'Method not allowed',
  headers: { allow },
})

export type Bind = Readonly<{
  host: string
  tls?: object
  trustedProxies?: readonly string[]
  allowedHosts?: readonly string[]
  allowedOrigins?: readonly string[]
  oauth?: Readonly<{ metadataPaths: ReadonlySet<string> }>
}>

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost'])

/** The lists that hold for this address. Throws `RangeError` with one line when the operator's choice is not safe. */
export function httpLimits(bind: Bind, port: number): HttpLimits {
  const { host, tls, trustedProxies, allowedHosts, allowedOrigins } = bind
  const onLoopback = LOOPBACK.has(host)
  if (!onLoopback && tls === undefined && trustedProxies === undefined)
    throw new RangeError(`Binding to ${host} needs TLS (--tls-cert, --tls-key) or a declared proxy (--trusted-proxy)`)
  if (!onLoopback && allowedHosts === undefined)
    throw new RangeError(`Binding to ${host} needs --allowed-host, the name clients use`)
  // Every sandboxed frame and local file of every site has the origin `null`: listing it would list them all.
  for (const origin of allowedOrigins ?? [])
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      throw new RangeError(`Allowed origin must be a scheme and a host such as https://app.example, got ${origin}`)
  const local = ['localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${port}`)
  const own = local.map((name) => `${tls === undefined ? 'http' : 'https'}://${name}`)
  return {
    allowedHosts: new Set((allowedHosts ?? local).map((name) => name.toLowerCase())),
    allowedOrigins: new Set(allowedOrigins ?? (onLoopback ? own : [])),
    ...(bind.oauth === undefined ? {} : { metadataPaths: bind.oauth.metadataPaths }),
  }
}
