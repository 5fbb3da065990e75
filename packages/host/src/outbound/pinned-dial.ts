// The two halves of a pinned connection: what a name means before it is dialled, and who answers afterwards.
import type { LookupAddress } from 'node:dns'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import { Denial } from '@hardened-mcp/security-core/worker'
import type { Checked } from './checked-addresses.ts'

/** A look-up that knows one host and the addresses that were judged for it. */
export const pinnedLookup =
  (host: string, { addresses }: Checked): LookupFunction =>
  (hostname, { all }, callback) => {
    const found: LookupAddress[] = addresses.map((address) => ({ address, family: isIP(address) }))
    const [first] = found
    if (hostname !== host || first === undefined)
      return callback(new Denial('internal', 'A look-up was asked for another host'), '')
    if (all === true) callback(null, found)
    else callback(null, first.address, first.family)
  }

/** Destroys a connection whose peer was not judged, and says so. */
export function strayPeer(socket: Socket, { addresses }: Checked): Denial | undefined {
  const peer = socket.remoteAddress
  if (peer !== undefined && addresses.includes(peer)) return undefined
  socket.destroy()
  return new Denial('internal', 'A connection reached an address that was not judged')
}
