// The only way out: every outbound request of the suite goes through a session of `outbound`, and so through its address guard.
import { networkInterfaces } from 'node:os'
import { Denial, type WebUrl } from '@hardened-mcp/security-core'
import { Agent, type Dispatcher } from 'undici'
import { type Checked, checkedAddresses, type InternalHost } from './checked-addresses.ts'
import { type Dial, guardedConnector } from './guarded-connector.ts'
import { upstreamDenial } from './upstream-denial.ts'

export type OutboundOptions = Readonly<{
  /** Named exceptions to the public-address rule. Empty by default. */
  internal?: readonly InternalHost[]
  /** `address:port` of the resolvers to ask; the system's own when absent. */
  dnsServers?: readonly string[]
  /** Sees every connection before it is dialled and after it stands: for logs and for tests. */
  onDial?: (dial: Dial) => void
}>

export type OutboundRequest = Readonly<{
  url: WebUrl
  method?: 'GET' | 'HEAD' | 'POST'
  headers?: Readonly<Record<string, string>>
  body?: string
}>

/** An answer as it came from the wire: nothing is decoded, nothing is followed. */
export type OutboundAnswer = Readonly<{
  status: number
  headers: Readonly<Record<string, string | readonly string[] | undefined>>
  body: AsyncIterable<Uint8Array>
  /** Ends the connection instead of reading the body. */
  discard(): void
}>

export interface OutboundSession {
  /** Resolves, judges and dials `url`, and returns its answer. Follows no redirect. Throws `Denial`. */
  send(request: OutboundRequest): Promise<OutboundAnswer>
  /** Ends every connection and look-up of this session. */
  close(): void
}

const MAX_INTERIM_ANSWERS = 16 // a flood of 103s resets every timer of an HTTP client, and none of its counters
const MAX_HEADER_BYTES = 16 * 1024
const CONNECT_TIMEOUT_MS = 5_000 // a black hole must not eat the deadline of the call

/** Returns a maker of sessions. One session is one call: its life ends with `stop`, and no connection is shared with another. */
export function outbound(options: OutboundOptions = {}): (stop: AbortSignal) => OutboundSession {
  const judge = { internal: options.internal ?? [], dnsServers: options.dnsServers, ownAddresses }
  return function session(stop) {
    const pins = new Map<string, Checked>()
    const connect = guardedConnector({ pins, timeoutMs: CONNECT_TIMEOUT_MS, onDial: options.onDial })
    const agent = new Agent({
      connect,
      allowH2: false,
      pipelining: 1,
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: 0, // the one deadline is `stop`: it covers look-up, hops and body
      bodyTimeout: 0,
    })
    const close = () => void agent.destroy().catch(() => undefined)
    stop.addEventListener('abort', close, { once: true })
    return {
      close,
      async send(request) {
        const { url } = request
        const checked = await checkedAddresses(url, judge, stop)
        pins.set(originOf(url), checked)
        return exchange(agent, request, stop)
      },
    }
  }
}

/** The key under which addresses are pinned: what undici will ask the connector for. */
const originOf = ({ host, port }: WebUrl) => `${host}:${port}`

async function exchange(agent: Agent, request: OutboundRequest, stop: AbortSignal): Promise<OutboundAnswer> {
  const { url, method = 'GET', headers = {}, body } = request
  const { origin, pathname, search } = new URL(url.href)
  const flooded = new AbortController()
  let interim = 0
  const onInfo = () => {
    interim += 1
    if (interim > MAX_INTERIM_ANSWERS)
      flooded.abort(new Denial('upstream_failed', `More than ${MAX_INTERIM_ANSWERS} interim answers`))
  }
  const options: Dispatcher.RequestOptions = {
    origin,
    path: pathname + search,
    method,
    headers,
    body: body ?? null,
    onInfo,
    signal: AbortSignal.any([stop, flooded.signal]),
  }
  try {
    const answer = await agent.request(options)
    answer.body.on('error', () => undefined) // an answer whose body nobody reads may still break off
    const { statusCode: status, headers: received, body: stream } = answer
    return { status, headers: received, body: stream, discard: () => void stream.destroy() }
  } catch (thrown) {
    throw upstreamDenial(thrown, stop)
  }
}

const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? [])
