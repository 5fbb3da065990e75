// Question: which host and port does this client ask a tunnel to?
// Threat:   a second reading of the request: smuggled bytes, folded or doubled headers, odd authorities, absolute-form, endless heads.
// Rule:     `CONNECT host:port HTTP/1.1`, a Host that says the same, no body, printable ASCII, at most 2 KiB and nothing behind it.
// Limits:   says who is meant, not whether that host is allowed; every other header is read for its form and then forgotten.
// Proof:    egress-proxy.test.ts
import { readUrl, type WebUrl } from '@hardened-mcp/security-core'
import type { ProxyAnswer } from './proxy-answers.ts'

export const MAX_HEAD_BYTES = 2_048 // a host name has 253 characters at most, and appears twice

export type ConnectReading =
  | Readonly<{ ok: true; url: WebUrl; authority: string }>
  | Readonly<{ ok: false; answer: ProxyAnswer }>

const REQUEST_LINE = /^([A-Z]+) ([!-~]+) HTTP\/1\.1$/
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([ -~\t]*)$/ // RFC 9110 §5.6.2; no folding (RFC 9112 §5.2)
const BODY_HEADERS: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'expect', 'upgrade'])

const MALFORMED: ConnectReading = { ok: false, answer: { status: 400, code: 'malformed' } }
const WRONG_METHOD: ConnectReading = { ok: false, answer: { status: 405, code: 'method' } }
const refused = (code: string): ConnectReading => ({ ok: false, answer: { status: 403, code } })

/** Reads the text before the empty line. Pure. */
export function readConnect(head: string): ConnectReading {
  const [first = '', ...lines] = head.split('\r\n')
  const [, method, authority = ''] = REQUEST_LINE.exec(first) ?? []
  if (method === undefined) return MALFORMED
  if (method !== 'CONNECT') return WRONG_METHOD
  const headers = lines.map((line) => HEADER_LINE.exec(line))
  if (headers.some((header) => header === null)) return MALFORMED
  const named = headers.map((header) => [header?.[1]?.toLowerCase() ?? '', header?.[2]?.trim() ?? ''] as const)
  if (named.some(([name]) => BODY_HEADERS.has(name))) return MALFORMED
  const hosts = named.filter(([name]) => name === 'host')
  if (hosts.length !== 1 || hosts[0]?.[1] !== authority) return MALFORMED
  return readAuthority(authority)
}

function readAuthority(authority: string): ConnectReading {
  if (/[/?#]/.test(authority)) return refused('authority') // what stands behind it would be a path
  const reading = readUrl(`https://${authority}/`)
  if (!reading.ok) return refused(reading.rule)
  const { host, port, kind } = reading.url
  const canonical = `${kind === 'ipv6' ? `[${host}]` : host}:${port}` // RFC 9112 §3.2.3: the port is always there
  return canonical === authority ? { ok: true, url: reading.url, authority } : refused('authority')
}
