// Question: may this client get a tunnel to this host, and where does the tunnel end?
// Threat:   a fetch worker that was taken over and dials for itself: inside addresses, metadata, rebinding, hosts nobody listed.
// Rule:     CONNECT alone; the operator's list, then every address judged, only those dialled, the peer compared; bytes and time capped.
// Limits:   sees names and sizes, never content (TLS runs inside); a listed host may be told anything that fits the caps.
// Proof:    egress-proxy.test.ts
import { connect as dial, createServer, type Server, type Socket } from 'node:net'
import { type Decision, Denial, denialOf, must, type WebUrl } from '@hardened-mcp/security-core'
import type { LogFields } from '../log.ts'
import {
  type AddressJudge,
  type Checked,
  checkedAddresses,
  type InternalHost,
  ownAddresses,
} from './checked-addresses.ts'
import { MAX_HEAD_BYTES, readConnect } from './connect-head.ts'
import { pinnedLookup, strayPeer } from './pinned-dial.ts'
import { answerTo, type ProxyAnswer, REFUSAL_HEADER } from './proxy-answers.ts'
import { relay } from './relay.ts'
import { upstreamDenial } from './upstream-denial.ts'

export type ProxyLimits = typeof LIMITS

export type EgressProxyOptions = Readonly<{
  /** The operator's list, asked with `https://` and the authority of the request. */
  judge: (url: string) => Readonly<{ decision: Decision }>
  internal: readonly InternalHost[]
  dnsServers?: readonly string[]
  /** True for the addresses that may connect at all. */
  isClient: (address: string) => boolean
  log: (level: 'info' | 'warn', event: string, fields: LogFields) => void
  limits?: Partial<ProxyLimits>
}>

const LIMITS = {
  connections: 64, // four workers with a page, its robots.txt and a redirect each, and room
  headMs: 5_000,
  establishMs: 8_000, // look-up and connection together
  idleMs: 20_000, // no call of fetch lasts longer
  lifeMs: 60_000,
  upBytes: 256 * 1024, // handshakes and requests
  downBytes: 16 * 1024 * 1024, // more than fetch reads of any page
}

const REASONS = { 400: 'Bad Request', 403: 'Forbidden', 405: 'Method Not Allowed', 502: 'Bad Gateway' } as const

/** Returns a server that is not yet listening. Closing it lets open tunnels run to their end. */
export function egressProxy(options: EgressProxyOptions): Server {
  const limits = { ...LIMITS, ...options.limits }
  const judge: AddressJudge = { internal: options.internal, dnsServers: options.dnsServers, nat64: [], ownAddresses }
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined)
    const from = socket.remoteAddress ?? ''
    if (options.isClient(from)) return void serve(socket)
    options.log('warn', 'egress.refused', { code: 'client', from })
    socket.destroy()
  })
  server.maxConnections = limits.connections
  server.on('drop', (drop) => options.log('warn', 'egress.refused', { code: 'busy', from: drop?.remoteAddress }))
  return server

  async function serve(client: Socket): Promise<void> {
    const visit = beginning(client, limits)
    try {
      const head = await visit.head
      const reading = head === undefined ? undefined : readConnect(head)
      if (reading === undefined || !reading.ok) return refuse(client, reading?.answer ?? MALFORMED, {})
      const { url } = reading
      const about = { host: url.host, port: url.port }
      const remote = await reach(url, AbortSignal.any([visit.stop, AbortSignal.timeout(limits.establishMs)]))
      if (remote instanceof Denial || visit.stop.aborted) {
        if (!(remote instanceof Denial)) remote.destroy()
        const failed = remote instanceof Denial && !visit.stop.aborted
        return refuse(client, failed ? answerTo(remote) : MALFORMED, {
          ...about,
          reason: failed ? remote.message : 'bytes before the tunnel stood, or the client left',
        })
      }
      options.log('info', 'egress.allowed', { ...about, address: remote.remoteAddress })
      visit.release()
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      const { up, down, end } = await relay(client, remote, limits)
      options.log(end === 'closed' ? 'info' : 'warn', 'egress.closed', { ...about, up, down, end })
    } finally {
      visit.release()
    }
  }

  async function reach(url: WebUrl, stop: AbortSignal): Promise<Socket | Denial> {
    try {
      must(options.judge(url.href).decision)
      const checked = await checkedAddresses(url, judge, stop)
      return await connected(url, checked, stop)
    } catch (thrown) {
      return denialOf(thrown)
    }
  }

  function refuse(client: Socket, { status, code }: ProxyAnswer, fields: LogFields): void {
    options.log('warn', 'egress.refused', { code, status, ...fields })
    const reason = (REASONS as Readonly<Record<number, string>>)[status] ?? 'Unavailable'
    client.end(
      `HTTP/1.1 ${status} ${reason}\r\n${REFUSAL_HEADER}: ${code}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    )
    client.resume().setTimeout(limits.headMs, () => client.destroy()) // what still comes is thrown away, for a while
  }
}

const MALFORMED: ProxyAnswer = { status: 400, code: 'malformed' }

/** Reads the head of a request. `stop` fires when the client leaves, or sends a byte before it was answered. */
function beginning(client: Socket, { headMs }: ProxyLimits) {
  const gone = new AbortController()
  const leave = () => gone.abort()
  let held = Buffer.alloc(0)
  let finish: (head: string | undefined) => void = leave
  const head = new Promise<string | undefined>((resolve) => {
    finish = resolve
  })
  const timer = setTimeout(() => finish(undefined), headMs)
  const onData = (chunk: Buffer) => {
    held = Buffer.concat([held, chunk])
    const end = held.indexOf('\r\n\r\n')
    if (end < 0 ? held.length > MAX_HEAD_BYTES : end > MAX_HEAD_BYTES || held.length > end + 4) {
      leave()
      return finish(undefined)
    }
    if (end >= 0) finish(held.toString('latin1', 0, end))
  }
  const onEnd = () => {
    leave()
    finish(undefined)
  }
  client.on('data', onData).once('end', onEnd).once('close', onEnd)
  const release = () => {
    clearTimeout(timer)
    client.off('data', onData).off('end', onEnd).off('close', onEnd)
  }
  return { head, stop: gone.signal, release }
}

function connected(url: WebUrl, checked: Checked, stop: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const lookup = pinnedLookup(url.host, checked)
    const remote = dial({ host: url.host, port: url.port, lookup, noDelay: true, autoSelectFamily: true })
    const onAbort = () => remote.destroy(stop.reason as Error)
    remote.on('error', (error) => reject(upstreamDenial(error, stop)))
    remote.once('connect', () => {
      stop.removeEventListener('abort', onAbort)
      const stray = strayPeer(remote, checked)
      if (stray === undefined) resolve(remote)
      else reject(stray)
    })
    stop.addEventListener('abort', onAbort, { once: true })
    if (stop.aborted) onAbort()
  })
}
