// What the egress proxy is told: where it listens, who may connect, and the operator's list, read from the policy file by itself.
import { BlockList } from 'node:net'
import { parseArgs } from 'node:util'
import { parseStrictly } from '../../packages/host/src/parse-strictly.ts'
import { readPolicyFile } from '../../packages/host/src/policy/policy-file.ts'
import type { EgressProxyOptions } from '../../packages/host/src/outbound/egress-proxy.ts'
import { parseNetwork } from '../../servers/fetch/network.ts'
import { hostJudge } from '../../servers/fetch/policy.ts'
import { grantsNothing, parseProxy, resources } from '../../servers/fetch/resources.ts'

export const USAGE = 'egress-proxy --policy FILE --listen ADDRESS:PORT --client ADDRESS[/PREFIX] [--client …]'

export type Settings = Readonly<{ listen: Readonly<{ address: string; port: number }> }> &
  Omit<EgressProxyOptions, 'log' | 'limits'>

/** Throws `RangeError` with one line on whatever is missing or unclear. */
export function settingsOf(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      policy: { type: 'string' },
      listen: { type: 'string' },
      client: { type: 'string', multiple: true },
    },
  })
  const listen = parseProxy(values.listen ?? '')
  if (values.policy === undefined || listen === undefined || values.client === undefined)
    throw new RangeError(`Usage: ${USAGE}`)
  const section = readPolicyFile(values.policy).file.servers.fetch?.resources
  if (section === undefined) throw new RangeError('The policy file must have a section servers.fetch.resources')
  const granted = parseStrictly(resources, section, 'servers.fetch.resources')
  if (grantsNothing(granted)) throw new RangeError('The policy file allows no host: nothing would ever pass')
  const { dns_servers: dnsServers } = granted
  return {
    listen,
    judge: hostJudge(granted),
    internal: granted.internal.map(({ host, port, cidr }) => ({ host, port, ...networkOf(cidr) })),
    ...(dnsServers === undefined ? {} : { dnsServers }),
    isClient: clients(values.client),
  }
}

function clients(list: readonly string[]): (address: string) => boolean {
  const known = new BlockList()
  for (const text of list) {
    const { network, prefix } = networkOf(text)
    known.addSubnet(network, prefix, familyOf(network))
  }
  return (address) => known.check(address, familyOf(address))
}

const familyOf = (address: string) => (address.includes(':') ? 'ipv6' : 'ipv4')

function networkOf(text: string): Readonly<{ network: string; prefix: number }> {
  const network = parseNetwork(text)
  if (network === undefined) throw new RangeError(`Must be an address or a small network, got ${text}`)
  return network
}
