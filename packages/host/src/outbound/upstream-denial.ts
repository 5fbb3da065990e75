// One table of what can go wrong on the way: engine errors stay inside, the caller gets a fixed sentence.
import { Denial, type DenialDetail } from '@hardened-mcp/security-core/worker'

type Trouble = Readonly<{ codes: RegExp; says: string }>

/** Also what the egress proxy's words stand for: with and without it, the caller reads the same. */
export const SAYS_UNRESOLVED = 'The host name does not resolve'
export const SAYS_UNREACHABLE = 'The remote server could not be reached'

const TROUBLES: readonly Trouble[] = [
  {
    codes: /^E?(?:NOTFOUND|NODATA|NONAME|BADNAME|BADRESP|SERVFAIL|REFUSED_DNS)$/,
    says: SAYS_UNRESOLVED,
  },
  {
    codes: /^(?:ERR_TLS_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_SSL_|ERR_OSSL)/,
    says: 'No valid TLS connection to the remote server',
  },
  { codes: /^(?:UND_ERR_HEADERS_OVERFLOW|HPE_)/, says: 'The remote server did not speak well-formed HTTP' },
  {
    codes: /^(?:UND_ERR_CONNECT_TIMEOUT|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ETIMEOUT|ECONNRESET)$/,
    says: SAYS_UNREACHABLE,
  },
]
const MAX_CAUSES = 4

/** The denial for whatever a look-up, a connection or a body threw. Once `stop` has fired, that is why. */
export function upstreamDenial(thrown: unknown, stop: AbortSignal): Denial {
  if (thrown instanceof Denial) return thrown
  const reason = reasonOf(thrown)
  if (stop.aborted && isTimeout(stop.reason)) return new Denial('timeout', reason)
  const causes = causesOf(thrown)
  const denial = causes.find((cause) => cause instanceof Denial)
  if (denial !== undefined) return denial
  const codes = causes.map(codeOf)
  const trouble = TROUBLES.find((row) => codes.some((code) => row.codes.test(code)))
  const detail: DenialDetail = trouble === undefined ? {} : { says: trouble.says }
  return new Denial('upstream_failed', reason, detail, { cause: thrown })
}

function codeOf(cause: object): string {
  const code = 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? code : ''
}

const isTimeout = (reason: unknown) => reason instanceof Error && reason.name === 'TimeoutError'

const reasonOf = (thrown: unknown) =>
  thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'unknown failure'

function causesOf(thrown: unknown): readonly object[] {
  const found: object[] = []
  let current: unknown = thrown
  while (typeof current === 'object' && current !== null && found.length < MAX_CAUSES) {
    found.push(current)
    current = (current as { cause?: unknown }).cause
  }
  return found
}
