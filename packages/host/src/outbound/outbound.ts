// The only way out: every outbound request of the suite goes through a session of `outbound`, and so through its address guard.
import { Denial, type Nat64Prefix, type WebUrl } from '@hardened-mcp/security-core/worker'
import { Agent, type buildConnector, type Dispatcher } from 'undici'
import { type Checked, checkedAddresses, type InternalHost, namedHost, ownAddresses } from './checked-addresses.ts'
import { type Dial, guardedConnector } from './guarded-connector.ts'
import { type EgressProxyAddress, type Named, tunnelConnector } from './tunnel-connector.ts'
import { upstreamDenial } from './upstream-denial.ts'

export type OutboundOptions = Readonly<{
  /** Named exceptions to the public-address rule. Empty by default. */
  internal?: readonly InternalHost[]
  /** `address:port` of the resolvers to ask; the system's own when absent. */
  dnsServers?: readonly string[]
  /** Where a filtering proxy listens. With one, nothing else is dialled and no name is looked up here: the proxy does both. */
  proxy?: EgressProxyAddress
  /** Where this network translates IPv6 to IPv4: such an address is as public as the IPv4 address inside. None by default. */
  nat64?: readonly Nat64Prefix[]
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
const TUNNEL_TIMEOUT_MS = 10_000 // the proxy's own look-up and connection, and the way there

/** Returns a maker of sessions. One session is one call: its life ends with `stop`, and no connection is shared with another. */
export function outbound(options: OutboundOptions = {}): (stop: AbortSignal) => OutboundSession {
  return function session(stop) {
    const { admit, connect } =
      options.proxy === undefined ? direct(options, stop) : tunnelled(options, options.proxy, stop)
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
        await admit(request.url)
        return exchange(agent, request, stop)
      },
    }
  }
}

/** How one session gets to a host: `admit` judges it, `connect` goes to what was admitted and to nothing else. */
type Way = Readonly<{ admit(url: WebUrl): Promise<void>; connect: buildConnector.connector }>

function direct({ internal = [], dnsServers, nat64 = [], onDial }: OutboundOptions, stop: AbortSignal): Way {
  const pins = new Map<string, Checked>()
  const judge = { internal, dnsServers, nat64, ownAddresses }
  return {
    connect: guardedConnector({ pins, timeoutMs: CONNECT_TIMEOUT_MS, onDial }),
    async admit(url) {
      pins.set(originOf(url), await checkedAddresses(url, judge, stop))
    },
  }
}

function tunnelled({ internal = [], onDial }: OutboundOptions, proxy: EgressProxyAddress, stop: AbortSignal): Way {
  const names = new Map<string, Named>()
  return {
    connect: tunnelConnector({ proxy, names, timeoutMs: TUNNEL_TIMEOUT_MS, stop, onDial }),
    async admit(url) {
      const { ca } = namedHost(url, internal) ?? {}
      names.set(originOf(url), ca === undefined ? {} : { ca })
    },
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
