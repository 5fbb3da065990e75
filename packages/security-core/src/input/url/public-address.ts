// Question: is this address a public one, on the internet that everybody shares?
// Threat:   SSRF: a name, a redirect or an odd spelling that leads to loopback, the local network or cloud metadata.
// Rule:     a canonical IPv4 or IPv6 text in no special-purpose block (IANA), IPv6 inside 2000::/3 and without an embedded IPv4.
// Limits:   knows addresses, not routes: the machine's own addresses are judged by the connector; a NAT64 prefix counts when the operator names it.
// Proof:    public-address.test.ts
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

type Block = readonly [network: string, prefix: number]

// What ipaddr.js calls unicast although nobody may be sent there by a stranger.
const REFUSED_V4: readonly Block[] = [
  ['168.63.129.16', 32], // the Azure host agent (WireServer), a public number inside every virtual machine
]
const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR('2000::/3') // RFC 4291 §2.4: all that IANA has ever handed out
const U_OCTET = 8
const ISATAP = /^(?:0|200):5efe$/ // RFC 5214 §6.1: the interface identifier of an embedded IPv4 address

/** A prefix under which the operator's own network translates to IPv4: one of the lengths of RFC 6052 §2.2. */
export type Nat64Prefix = Readonly<{ network: string; prefix: number }>

/** True for an address that a stranger may send us to. False for every other text, a host name included. */
export function isPublicAddress(text: string, nat64: readonly Nat64Prefix[] = []): boolean {
  const family = isIP(text) // ipaddr.js also reads 0x7f.1 and 127.1, so it only gets what node:net agrees on
  if (family === 4) return isPublicV4(text)
  if (family !== 6 || text.includes('%')) return false // a zone names an interface of this machine
  const translated = nat64.find(({ network, prefix }) => isInside(text, network, prefix))
  return translated === undefined ? isPublicV6(text) : isPublicV4(embeddedV4(text, translated.prefix))
}

// RFC 6052 §2.2: the 32 bits after the prefix, leaving out bits 64 to 71.
function embeddedV4(text: string, prefix: number): string {
  const bytes = ipaddr.IPv6.parse(text).toByteArray()
  const places = [0, 1, 2, 3, 4].map((offset) => prefix / 8 + offset).filter((at) => at !== U_OCTET)
  return places
    .slice(0, 4)
    .map((at) => bytes[at])
    .join('.')
}

/** True when `text` is an address inside `network/prefix`; false for another family and for anything that is no address. */
export function isInside(text: string, network: string, prefix: number): boolean {
  const family = isIP(text)
  if (family === 0 || family !== isIP(network) || text.includes('%')) return false
  return family === 4
    ? ipaddr.IPv4.parse(text).match(ipaddr.IPv4.parse(network), prefix)
    : ipaddr.IPv6.parse(text).match(ipaddr.IPv6.parse(network), prefix)
}

function isPublicV4(text: string): boolean {
  return ipaddr.IPv4.parse(text).range() === 'unicast' && !REFUSED_V4.some((block) => isInside(text, ...block))
}

function isPublicV6(text: string): boolean {
  const address = ipaddr.IPv6.parse(text)
  if (address.range() !== 'unicast' || !address.match(GLOBAL_UNICAST_V6)) return false
  const [group4 = 0, group5 = 0] = address.parts.slice(4)
  return !ISATAP.test(`${group4.toString(16)}:${group5.toString(16)}`)
}
