// Question: whom can a service reach, and who can reach it?
// Threat:   a server that is published past the gateway, or that shares a network with another server, the internet or the host.
// Rule:     a port at the gateway alone, on an address that was named; internal networks with one server each; bridges that the firewall knows.
// Limits:   Docker's internal networks reach the host itself: deploy/firewall closes that, and is looked at on its own.
// Proof:    compose-weakened.test.ts
import type { Deployment, Network, Role } from './deployment.ts'
import { EVERYONE, type Rule, serviceRule, WALLED } from './rule.ts'

// Who may stand together in one network; each network holds one of these or less.
const TOGETHER: readonly (readonly string[])[] = [
  ['db-query', 'gateway'],
  ['file', 'gateway'],
  ['fetch', 'gateway'],
  ['egress-proxy', 'fetch'],
]
// The two that lead outside, with the bridge whose name the firewall's rules have.
const OPEN_BRIDGES: Readonly<Record<string, Role>> = { 'mcp-front0': 'gateway', 'mcp-egress0': 'proxy' }
const EVERY_ADDRESS: ReadonlySet<string> = new Set(['', '0.0.0.0', '::', '*'])

const membersOf = ({ services }: Deployment, network: string) =>
  services.filter(({ networks }) => Object.hasOwn(networks, network))

export const networkRules: readonly Rule[] = [
  serviceRule({
    id: 'published_ports',
    checked: 'the gateway alone is published, on an address that was named',
    mend: 'Publish the gateway alone, as ADDRESS:PORT:8443 (MCP_BIND): a published port goes past the firewall of the host',
    of: EVERYONE,
    look: ({ role, ports }) =>
      ports.length === 0
        ? undefined
        : role !== 'gateway'
          ? `port ${ports.map(({ port }) => port).join(', ')} is published`
          : ports.some(({ address }) => EVERY_ADDRESS.has(address))
            ? 'published on every address of the host'
            : undefined,
  }),
  {
    id: 'networks_internal',
    checked: 'every network of a server is internal; the gateway and the proxy alone have a way out',
    mend: 'internal: true',
    broken: (deployment) =>
      deployment.networks
        .filter(({ internal, bridge }) => !internal && !Object.hasOwn(OPEN_BRIDGES, bridge))
        .map(({ name }) => ({ service: name, fault: 'not internal' })),
  },
  {
    id: 'networks_apart',
    checked: 'no network holds more than one server and its one neighbour',
    mend: 'A network for each server, shared with the gateway alone; one for fetch and the proxy',
    broken: (deployment) =>
      deployment.networks.flatMap((network) => {
        const names = membersOf(deployment, network.name).map(({ name }) => name)
        const open = OPEN_BRIDGES[network.bridge]
        const fine =
          open === undefined || network.internal
            ? names.length < 2 || TOGETHER.some((pair) => names.every((name) => pair.includes(name)))
            : membersOf(deployment, network.name).every(({ role }) => role === open)
        return fine ? [] : [{ service: network.name, fault: `holds ${names.join(', ')}` }]
      }),
  },
  {
    id: 'networks_known',
    checked: 'every network is a bridge of this deployment, by the names that deploy/firewall closes, without IPv6',
    mend: 'driver_opts: { com.docker.network.bridge.name: mcp-… }, mcp-front0 and mcp-egress0 as deploy/compose.yaml has them; no enable_ipv6',
    broken: ({ networks, services }) => [
      ...networks.flatMap((network) => oddities(network).map((fault) => ({ service: network.name, fault }))),
      ...services.flatMap(({ name, networks: joined }) =>
        Object.keys(joined)
          .filter((one) => !networks.some((network) => network.name === one))
          .map((one) => ({ service: name, fault: `joins ${one}, which is not defined here` })),
      ),
      ...services
        .filter(({ networks: joined, namespaces }) => Object.keys(joined).length === 0 && namespaces.network !== 'none')
        .map(({ name }) => ({ service: name, fault: 'is in the default network' })),
    ],
  },
  serviceRule({
    id: 'no_resolver',
    checked:
      "nobody asks Docker's resolver, which runs on the host and answers through internal networks too (CVE-2024-29018)",
    mend: 'dns: ["127.0.0.1"]',
    of: WALLED,
    look: ({ dns }) =>
      dns.length === 1 && dns[0] === '127.0.0.1' ? undefined : `dns is ${dns.join(', ') || "Docker's"}`,
  }),
  serviceRule({
    id: 'names',
    checked: 'no name is pointed elsewhere',
    mend: 'Take extra_hosts and links away: host-gateway is the host',
    of: EVERYONE,
    look: ({ hosts }) => (hosts.length === 0 ? undefined : hosts.join(', ')),
  }),
  {
    id: 'known_settings',
    checked: 'every service and every setting is one that was judged',
    mend: 'Take it away, or judge it yourself: nothing here knows what it does',
    broken: ({ services, unjudged }) => [
      ...unjudged.map((key) => ({ service: 'the file', fault: { unseen: `${key} is not judged` } })),
      ...services.flatMap(({ name, role, unjudged: keys }) => [
        ...(role === 'other' ? [{ service: name, fault: { unseen: 'is no service of this suite' } }] : []),
        ...keys.map((key) => ({ service: name, fault: { unseen: `${key} is not judged` } })),
      ]),
    ],
  },
]

const oddities = ({ driver, bridge, ipv6 }: Network): readonly string[] => [
  ...(driver === 'bridge' ? [] : [`is ${driver}, not a bridge`]),
  ...(bridge.startsWith('mcp-')
    ? []
    : [`its bridge is ${bridge || 'named by Docker'}, which the firewall does not know`]),
  ...(ipv6 ? ['has IPv6'] : []),
]
