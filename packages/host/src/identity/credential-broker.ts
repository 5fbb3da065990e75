// Question: with which credential does this server call another one on a caller's behalf?
// Threat:   the caller's own token passed on (confused deputy, CVE-2025-6514 kin): the next server could use it here; a scope that grows on its way.
// Rule:     the issuer that made the caller's token exchanges it (RFC 8693) for one for the next server alone, with no more scope than caller and
//           operator both have; nobody but that issuer ever sees the caller's token. Headers are made here: none of the caller's is copied.
// Limits:   the issuer decides whether it exchanges, and writes the chain of actors. A token is kept for as long as it lives, at most five minutes.
// Proof:    test/access/broker.test.ts, test/access/chains.test.ts
import { hash, randomBytes } from 'node:crypto'
import { Denial, type Principal, readUrl } from '@hardened-mcp/security-core'
import { listedFile } from '../listed-file.ts'
import { strictJson } from '../mcp/strict-json.ts'
import { TRACEPARENT } from '../traceparent.ts'
import { type InternalHost, outbound, type OutboundOptions, readBounded } from '../outbound/index.ts'

export type BrokerConfig = Readonly<{
  /** The exchange is asked for here, and the caller's token sent nowhere else. */
  tokenEndpoint: string
  clientId: string
  secretFile: string
  /** The servers that may be called, by the identifier that their tokens are for, and the most scope that each is asked with. */
  targets: Readonly<Record<string, readonly string[]>>
  internal?: readonly InternalHost[]
}>

/** The headers for one request to `resource`, and nothing else. Rejects with `Denial`. */
export type CredentialBroker = (request: {
  caller: Principal
  resource: string
  scope: readonly string[]
  trace?: string | undefined
}) => Promise<Readonly<Record<string, string>>>

type Held = Readonly<{ token: string; until: number }>

const TIMEOUT_MS = 3_000
const ANSWER_BYTES = 64 * 1024
const KEEP_MS = 300_000
const SLACK_MS = 30_000 // a token that ends while it is on its way helps nobody
const MAX_HELD = 1_000
const TOKEN68 = /^[A-Za-z0-9._~+/-]{16,8000}=*$/

/** `tokenOf` is the authenticator's: the principal itself does not carry the token. Throws `RangeError` when the secret cannot be read. */
export function credentialBroker(from: {
  config: BrokerConfig
  tokenOf: (caller: Principal) => Readonly<{ token: string; scopes: readonly string[] }> | undefined
  /** Milliseconds that no correction of the clock moves: the issuer says how long a token lives, not until when. */
  elapsed: () => number
  dial?: Pick<OutboundOptions, 'dnsServers' | 'onDial'>
}): CredentialBroker {
  const { config, elapsed } = from
  const authorization = basic(config.clientId, secretOf(config.secretFile))
  const session = outbound({ ...from.dial, internal: config.internal ?? [] })
  const held = new Map<string, Held>()

  const exchange = async (token: string, resource: string, scope: readonly string[]): Promise<Held> => {
    const stop = AbortSignal.timeout(TIMEOUT_MS)
    const open = session(stop)
    try {
      const url = readUrl(config.tokenEndpoint)
      if (!url.ok) throw new Denial('internal', `Token endpoint: ${url.reason}`)
      const answer = await open.send({
        url: url.url,
        method: 'POST',
        headers: { accept: 'application/json', authorization, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token: token,
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          ...{ resource, scope: scope.join(' ') },
        }).toString(),
      })
      const said = strictJson(await readBounded(answer, ANSWER_BYTES, stop)) as Readonly<Record<string, unknown>>
      if (answer.status !== 200) throw new Denial('policy_denied', `The issuer does not exchange: ${answer.status}`)
      return judged(said, scope, elapsed())
    } finally {
      open.close()
    }
  }

  return async function credentialBroker({ caller, resource, scope, trace }) {
    const most = Object.hasOwn(config.targets, resource) ? config.targets[resource] : undefined
    if (most === undefined) throw new Denial('policy_denied', `${resource} is no server that may be called`)
    const inbound = from.tokenOf(caller)
    if (inbound === undefined)
      throw new Denial('policy_denied', 'The caller came without a token that can be exchanged')
    const narrowed = scope.filter((each) => most.includes(each) && inbound.scopes.includes(each))
    if (narrowed.length !== scope.length || scope.length === 0)
      throw new Denial('policy_denied', `The scope ${scope.join(' ')} is more than caller and operator both have`)
    const key = hash('sha256', [inbound.token, resource, ...narrowed].join(' '), 'base64url')
    let kept = held.get(key)
    if (kept === undefined || elapsed() >= kept.until) {
      if (held.size >= MAX_HELD) held.clear() // only costs exchanges
      kept = await exchange(inbound.token, resource, narrowed)
      held.set(key, kept)
    }
    return {
      authorization: `Bearer ${kept.token}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...nextTrace(trace),
    }
  }
}

function judged(said: Readonly<Record<string, unknown>>, asked: readonly string[], atMs: number): Held {
  const { access_token: token, token_type: type, expires_in: seconds, scope } = said
  if (typeof token !== 'string' || !TOKEN68.test(token)) throw new Denial('upstream_failed', 'The issuer gave no token')
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    throw new Denial('upstream_failed', 'The issuer gave a token of another type')
  const given = typeof scope === 'string' ? scope.split(' ') : asked
  if (!given.every((each) => asked.includes(each)))
    throw new Denial('upstream_failed', 'The issuer gave more scope than was asked for')
  const lifeMs = typeof seconds === 'number' && Number.isFinite(seconds) ? seconds * 1_000 : 0
  return { token, until: atMs + Math.min(KEEP_MS, lifeMs - SLACK_MS) }
}

// The same trace, a span of its own. `tracestate` and `baggage` carry free text from hop to hop: they end here.
function nextTrace(trace: string | undefined): { traceparent?: string } {
  const [, id, , flags] = TRACEPARENT.exec(trace ?? '') ?? []
  return id === undefined ? {} : { traceparent: `00-${id}-${randomBytes(8).toString('hex')}-${flags}` }
}

const secretOf = (file: string) => listedFile(file, 'the credential broker').trim()

// RFC 6749 §2.3.1: each half is form-encoded before the two are joined.
const basic = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`
