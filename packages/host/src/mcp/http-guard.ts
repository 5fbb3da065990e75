// Question: is this HTTP request one that a client of this server would send?
// Threat:   DNS rebinding and cross-site requests from a browser (CVE-2025-66414 and kin), other verbs and types, oversized bodies.
// Rule:     Host is listed (421), Origin is absent or listed (403), the path is /mcp (404), POST (405), JSON (415), declared size (413).
// Limits:   looks at the request line and headers only, before a byte of the body is read; who is asking comes next.
// Proof:    http.test.ts
import type { IncomingMessage } from 'node:http'

export type Rejection = Readonly<{ status: number; message: string; headers?: Readonly<Record<string, string>> }>

export type HttpLimits = Readonly<{
  /** `host` or `host:port`, lower case, as a client puts it into the Host header. */
  allowedHosts: ReadonlySet<string>
  /** Serialised origins. `null` cannot be listed. */
  allowedOrigins: ReadonlySet<string>
}>

export const MAX_BODY_BYTES = 1024 * 1024 // the longest input of any tool is far below

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
  if (head.url === '/healthz') return head.method === 'GET' ? undefined : methodNotAllowed('GET')
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

export const TOO_LARGE: Rejection = { status: 413, message: `The body must be at most ${MAX_BODY_BYTES} bytes` }

const methodNotAllowed = (allow: string): Rejection => ({
  status: 405,
  message: 'Method not allowed',
  headers: { allow },
})
