// Question: to which addresses may this URL lead, right now?
// Threat:   a public name that resolves to loopback, the local network or cloud metadata; one bad record hidden among good ones.
// Rule:     own resolver, A and AAAA, the whole answer is refused when one address is not public, or belongs to this machine.
// Limits:   an internal exception is one exact host and port, judged against its own network instead; the connector pins the result.
// Proof:    outbound.test.ts
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import {
  Denial,
  denyUrl,
  isInside,
  isPublicAddress,
  must,
  type Nat64Prefix,
  publicHost,
  type WebUrl,
} from '@hardened-mcp/security-core/worker'
import { upstreamDenial } from './upstream-denial.ts'

/** One named host inside: exact name, exact port, and the only network it may live in. `ca` replaces the public roots. */
export type InternalHost = Readonly<{ host: string; port: number; network: string; prefix: number; ca?: string }>

/** Addresses that were judged, and may be dialled. */
export type Checked = Readonly<{ addresses: readonly string[]; ca?: string }>

export type AddressJudge = Readonly<{
  internal: readonly InternalHost[]
  dnsServers: readonly string[] | undefined
  nat64: readonly Nat64Prefix[]
  ownAddresses: () => readonly string[]
}>

const DNS_TIMEOUT_MS = 2_000
const DNS_TRIES = 2
const MAX_ADDRESSES = 256 // more than any real site has; every one is judged before the first is dialled
const MAX_DIALLED = 8 // the client tries them in turn: enough for two families and a few dead ones

/** The part of the rule that needs no look-up: a public name or literal, or the exception it is. Throws `Denial`. */
export function namedHost(url: WebUrl, internal: readonly InternalHost[]): InternalHost | undefined {
  const exception = internal.find(({ host, port }) => host === url.host && port === url.port)
  if (exception === undefined) must(publicHost(url))
  return exception
}

/** Returns the addresses for `url`, or throws `Denial`. */
export async function checkedAddresses(url: WebUrl, judge: AddressJudge, stop: AbortSignal): Promise<Checked> {
  const exception = namedHost(url, judge.internal)
  if (exception !== undefined) return insideAddresses(url, exception, judge, stop)
  const addresses = url.kind === 'name' ? await lookUp(url.host, judge, stop) : [url.host]
  const own = new Set(judge.ownAddresses())
  if (!addresses.every((address) => isPublicAddress(address, judge.nat64) && !own.has(address)))
    must(denyUrl('address', `${url.host} resolves to ${addresses.length} addresses, not all of them public`))
  return { addresses: addresses.slice(0, MAX_DIALLED) }
}

async function insideAddresses(
  url: WebUrl,
  { network, prefix, ca }: InternalHost,
  judge: AddressJudge,
  stop: AbortSignal,
): Promise<Checked> {
  const single = prefix === (isIP(network) === 4 ? 32 : 128)
  const addresses = single ? [network] : await lookUp(url.host, judge, stop)
  if (!addresses.every((address) => isInside(address, network, prefix)))
    must(denyUrl('address', `${url.host} resolves outside the network of its exception`))
  return { addresses: addresses.slice(0, MAX_DIALLED), ...(ca === undefined ? {} : { ca }) }
}

// Not dns.lookup: it blocks a thread that nobody can cancel, and reads the hosts file and the search list.
async function lookUp(name: string, judge: AddressJudge, stop: AbortSignal): Promise<readonly string[]> {
  if (stop.aborted) throw upstreamDenial(stop.reason, stop)
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES })
  if (judge.dnsServers !== undefined) resolver.setServers(judge.dnsServers)
  const cancel = () => resolver.cancel()
  stop.addEventListener('abort', cancel, { once: true })
  try {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    const failure = answers.find((answer) => answer.status === 'rejected')
    if (stop.aborted) throw upstreamDenial(stop.reason, stop)
    if (addresses.length === 0) throw upstreamDenial(failure?.reason, stop)
    if (addresses.length > MAX_ADDRESSES)
      throw new Denial('upstream_failed', `${name} resolves to more than ${MAX_ADDRESSES} addresses`)
    return addresses
  } finally {
    stop.removeEventListener('abort', cancel)
  }
}

/** The addresses of this machine's interfaces, as they are now. */
export const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? [])
