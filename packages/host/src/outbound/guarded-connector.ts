// Question: does this connection go to an address that was judged?
// Threat:   DNS rebinding between check and use; IP literals that skip the look-up; a client that dials on its own account.
// Rule:     the only look-up is the pinned list of the session; a host without a pin is refused; the peer is compared once connected.
// Limits:   judges no address itself: `checkedAddresses` filled the pins just before.
// Proof:    outbound.test.ts
import { isIP } from 'node:net'
import { Denial, denyUrl, HTTPS_PORT, must } from '@hardened-mcp/security-core/worker'
import { buildConnector } from 'undici'
import type { Checked } from './checked-addresses.ts'
import { pinnedLookup, strayPeer } from './pinned-dial.ts'

/** One connection: `asked` before it is dialled, with every address it may use; `connected` with the peer it has. */
export type Dial = Readonly<{ phase: 'asked' | 'connected'; host: string; port: number; addresses: readonly string[] }>

/** Returns the `connect` function of an undici agent. It dials what `pins` holds for `host:port`, over TLS, and nothing else. */
export function guardedConnector(options: {
  pins: ReadonlyMap<string, Checked>
  timeoutMs: number
  onDial: ((dial: Dial) => void) | undefined
}): buildConnector.connector {
  return function connect(target, callback) {
    const host = target.hostname.replace(/^\[|\]$/g, '')
    const port = Number(target.port || HTTPS_PORT)
    const pin = options.pins.get(`${host}:${port}`)
    try {
      const checked = requirePin(target.protocol, host, pin)
      options.onDial?.({ phase: 'asked', host, port, addresses: checked.addresses })
      const base = buildConnector({
        allowH2: false,
        maxCachedSessions: 0,
        timeout: options.timeoutMs,
        rejectUnauthorized: true, // whatever NODE_TLS_REJECT_UNAUTHORIZED says
        lookup: pinnedLookup(host, checked),
        ...(checked.ca === undefined ? {} : { ca: checked.ca }),
      })
      base(target, (error, socket) => {
        if (error !== null) return callback(error, null)
        const stray = strayPeer(socket, checked)
        if (stray !== undefined) return callback(stray, null)
        options.onDial?.({ phase: 'connected', host, port, addresses: [socket.remoteAddress ?? ''] })
        callback(null, socket)
      })
    } catch (thrown) {
      callback(thrown as Error, null)
    }
  }
}

function requirePin(protocol: string, host: string, pin: Checked | undefined): Checked {
  if (protocol !== 'https:') must(denyUrl('scheme', 'the client asked for a connection without TLS'))
  if (pin === undefined) throw new Denial('internal', `A connection to ${host} was asked for without a check`)
  if (isIP(host) !== 0 && !pin.addresses.includes(host)) must(denyUrl('address', 'literal is not the pinned address'))
  return pin
}
