// Question: from where does this request come, and did it come over TLS?
// Threat:   a forged X-Forwarded-For that escapes a throttle, plain HTTP that carries keys over a network.
// Rule:     forwarding headers count only from a listed proxy, which must say exactly once that its client used https.
// Limits:   trusts the listed proxies to overwrite what their clients sent.
// Proof:    peer.test.ts
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { Rejection } from './http-answer.ts'

/** CIDRs of proxies. Throws `RangeError` on one that is not a CIDR. */
export function proxyList(cidrs: readonly string[], what = 'Trusted proxy'): BlockList {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [address = '', prefix = ''] = cidr.split('/')
    const family = isIP(address)
    if (family === 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > (family === 4 ? 32 : 128)) {
      throw new RangeError(`${what} must be a CIDR such as 172.30.0.2/32, got ${cidr}`)
    }
    list.addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}

export type Peer = Readonly<{ address: string }> | Readonly<{ rejection: Rejection }>

const NOT_SECURE: Rejection = { status: 403, message: 'Requests must come over TLS' }

/** The client's address, or why the request is not taken. Without `proxies` the connection itself is the truth. */
export function peerOf(
  request: Pick<IncomingMessage, 'headersDistinct' | 'socket'>,
  proxies: BlockList | undefined,
): Peer {
  const address = plain(request.socket.remoteAddress ?? '')
  if (proxies === undefined) return { address }
  if (!proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) return { rejection: NOT_SECURE }
  const protocols = request.headersDistinct['x-forwarded-proto'] ?? []
  if (protocols.length !== 1 || protocols[0] !== 'https') return { rejection: NOT_SECURE }
  const forwarded = (request.headersDistinct['x-forwarded-for'] ?? []).join(',').split(',').at(-1)?.trim() ?? ''
  return { address: isIP(forwarded) === 0 ? address : forwarded } // the last entry is the one our proxy wrote
}

/** Node shows an IPv4 peer of a dual-stack socket in mapped form. */
export const plain = (address: string) =>
  address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
