// Question: does this connection go through the egress proxy, and through nothing else?
// Threat:   a worker that dials or looks up by itself when the proxy is down; a proxy that slips bytes in before TLS begins.
// Rule:     the one address that is dialled is the proxy's; CONNECT, exactly 200 and not a byte more; then TLS to the named host inside.
// Limits:   judges names, not addresses: the proxy does. The proxy sees names and sizes, never content or certificates' keys.
// Proof:    tunnel.test.ts
import { connect as dial, isIPv6, type Socket } from 'node:net'
import { Denial, denyUrl, HTTPS_PORT, must } from '@hardened-mcp/security-core/worker'
import { buildConnector } from 'undici'
import type { Dial } from './guarded-connector.ts'
import { denialOfAnswer, REFUSAL_HEADER } from './proxy-answers.ts'
import { SAYS_UNREACHABLE } from './upstream-denial.ts'

/** Where the proxy listens: an IP literal, so that reaching it needs no resolver. */
export type EgressProxyAddress = Readonly<{ address: string; port: number }>

/** A host that passed the rules for names; `ca` replaces the public roots. */
export type Named = Readonly<{ ca?: string }>

const MAX_ANSWER_BYTES = 2_048 // the proxy's answers are a few lines

/** Returns the `connect` function of an undici agent. Every connection is a tunnel through `proxy` to a host in `names`. */
export function tunnelConnector(options: {
  proxy: EgressProxyAddress
  names: ReadonlyMap<string, Named>
  timeoutMs: number
  stop: AbortSignal
  onDial: ((dial: Dial) => void) | undefined
}): buildConnector.connector {
  const { proxy, names, timeoutMs, stop, onDial } = options
  return function connect(target, callback) {
    const host = target.hostname.replace(/^\[|\]$/g, '')
    const port = Number(target.port || HTTPS_PORT)
    const step = (phase: Dial['phase']) => onDial?.({ phase, host, port, addresses: [proxy.address] })
    try {
      const named = requireName(target.protocol, host, names.get(`${host}:${port}`))
      const base = buildConnector({
        allowH2: false,
        maxCachedSessions: 0,
        timeout: timeoutMs,
        rejectUnauthorized: true, // whatever NODE_TLS_REJECT_UNAUTHORIZED says
        ...(named.ca === undefined ? {} : { ca: named.ca }),
      })
      step('asked')
      const patience = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)])
      openTunnel(proxy, authorityOf(host, port), patience, (tunnel) => {
        if (tunnel instanceof Denial) return callback(stop.aborted ? (stop.reason as Error) : tunnel, null)
        step('connected')
        base({ ...target, httpSocket: tunnel }, callback)
      })
    } catch (thrown) {
      callback(thrown as Error, null)
    }
  }
}

const authorityOf = (host: string, port: number) => `${isIPv6(host) ? `[${host}]` : host}:${port}`

function requireName(protocol: string, host: string, named: Named | undefined): Named {
  if (protocol !== 'https:') must(denyUrl('scheme', 'the client asked for a connection without TLS'))
  if (named === undefined) throw new Denial('internal', `A connection to ${host} was asked for without a check`)
  return named
}

/** Calls `done` once, with a socket on which the proxy has said 200 and nothing else, or with the refusal. */
function openTunnel(
  proxy: EgressProxyAddress,
  authority: string,
  stop: AbortSignal,
  done: (tunnel: Socket | Denial) => void,
): void {
  const socket = dial({ host: proxy.address, port: proxy.port, noDelay: true })
  let held = Buffer.alloc(0)
  const settle = (tunnel: Socket | Denial) => {
    stop.removeEventListener('abort', onAbort)
    socket.off('data', onData).off('error', onError).off('close', onClose)
    socket.on('error', () => undefined) // TLS puts its own in place a moment later
    if (tunnel instanceof Denial) socket.destroy()
    else socket.pause()
    done(tunnel)
  }
  const fail = (reason: string, cause?: unknown) => settle(noTunnel(reason, cause))
  const onAbort = () => settle(noTunnel('did not answer in time', undefined))
  const onError = (error: Error) => fail(error.message, error)
  const onClose = () => fail('closed the connection')
  const onData = (chunk: Buffer) => {
    held = Buffer.concat([held, chunk])
    const end = held.indexOf('\r\n\r\n')
    if (end > MAX_ANSWER_BYTES || (end < 0 && held.length > MAX_ANSWER_BYTES)) fail('answered with too long a head')
    else if (end >= 0) settle(readAnswer(held.toString('latin1', 0, end)) ?? alone(socket, held.length - end - 4))
  }
  socket.on('data', onData).on('error', onError).on('close', onClose)
  stop.addEventListener('abort', onAbort, { once: true })
  if (stop.aborted) onAbort()
  else socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
}

// A server of TLS is silent until the client has spoken: a byte before that is not from it.
const alone = (socket: Socket, more: number) =>
  more === 0 ? socket : noTunnel('sent bytes before TLS began', undefined)

// The first line and the one header that is read; whatever else the proxy says is of no use. `undefined` is a 200.
function readAnswer(head: string): Denial | undefined {
  const status = Number(/^HTTP\/1\.[01] ([1-5][0-9]{2})(?: |\r|$)/.exec(head)?.[1] ?? 0)
  const code = new RegExp(`^${REFUSAL_HEADER}: ([a-z_]{1,40})\r?$`, 'm').exec(head)?.[1] ?? 'unreachable'
  return status === 200 ? undefined : denialOfAnswer(status, code)
}

const noTunnel = (reason: string, cause: unknown) =>
  new Denial('upstream_failed', `The egress proxy ${reason}`, { says: SAYS_UNREACHABLE }, { cause })
