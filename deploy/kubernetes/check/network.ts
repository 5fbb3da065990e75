// Who may talk to whom, judged on the rendered NetworkPolicies and Services. What a network plugin makes of them is not seen here.
import { parse as parseYaml } from 'yaml'
import { type Document, isEmpty, ofKind, type Rule, selects, whereOf, workloads } from './documents.ts'

/** IANA special-purpose addresses, in which no public web page lives. */
const SPECIAL = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
]
const MAY_SEND_TO: Readonly<Record<string, readonly string[]>> = {
  'db-query': ['valkey'],
  file: ['valkey'],
  fetch: ['egress-proxy', 'valkey'],
  valkey: [],
}

const policies = (set: readonly Document[]) => ofKind(set, 'NetworkPolicy')
const broken = (set: readonly Document[], breaks: (policy: Document) => boolean) =>
  policies(set).filter(breaks).map(whereOf)
const appsOf = (set: readonly Document[]) => workloads(set).map(({ labels }) => labels)

type Peer = NonNullable<NonNullable<NonNullable<NonNullable<Document['spec']>['egress']>[number]['to']>[number]>

/** The apps of this namespace that a peer means; undefined when it means more than that. */
function peerApps(set: readonly Document[], peer: Peer): readonly string[] | undefined {
  if (peer.ipBlock !== undefined || peer.namespaceSelector !== undefined || isEmpty(peer.podSelector)) return undefined
  return appsOf(set).flatMap((labels) => (selects(peer.podSelector, labels) ? [labels['app'] ?? ''] : []))
}

const openBlock = (port: unknown, { ipBlock }: Peer) =>
  ipBlock !== undefined &&
  // Half of the world, twice, is the world: one block, with every exception
  (ipBlock.cidr !== '0.0.0.0/0' || port !== 443 || SPECIAL.some((range) => ipBlock.except?.includes(range) !== true))

export const network: readonly Rule[] = [
  {
    name: 'default-deny',
    because: 'a pod that no policy selects is open both ways',
    broken: (set) => {
      const namespaces = new Set(workloads(set).map(({ document }) => document.metadata.namespace))
      const closed = new Set(
        policies(set).flatMap(({ spec, metadata }) =>
          isEmpty(spec?.podSelector) &&
          ['Ingress', 'Egress'].every((type) => spec?.policyTypes?.includes(type)) &&
          (spec?.ingress ?? []).length + (spec?.egress ?? []).length === 0
            ? [metadata.namespace]
            : [],
        ),
      )
      return [...namespaces].filter((name) => name === undefined || !closed.has(name)).map(String)
    },
  },
  {
    name: 'egress-public-only',
    because: 'the metadata address, the cluster and private networks are not the web; one port, IPv4',
    broken: (set) =>
      broken(set, ({ spec }) =>
        (spec?.egress ?? []).some(({ to = [], ports = [] }) =>
          to.some((peer) =>
            ports.length === 0
              ? openBlock(undefined, peer)
              : ports.some(({ port, endPort }) => openBlock(endPort === undefined ? port : undefined, peer)),
          ),
        ),
      ),
  },
  {
    name: 'egress-named',
    because: 'an egress rule without a peer, or without a port, is the whole world',
    broken: (set) =>
      broken(set, ({ spec }) =>
        (spec?.egress ?? []).some(
          ({ to = [], ports = [] }) =>
            to.length === 0 || ports.length === 0 || ports.some(({ port }) => port === undefined),
        ),
      ),
  },
  {
    name: 'ingress-named',
    because: 'an ingress rule without a peer, a port or a label lets everybody in',
    broken: (set) =>
      broken(set, ({ spec }) =>
        (spec?.ingress ?? []).some(
          ({ from = [], ports = [] }) =>
            ports.length === 0 ||
            from.length === 0 ||
            from.some((peer) => peer.ipBlock !== undefined || isEmpty(peer.namespaceSelector ?? peer.podSelector)),
        ),
      ),
  },
  {
    name: 'egress-by-app',
    because: 'db-query and file reach nothing, fetch reaches the proxy: a server that was taken over stays where it is',
    broken: (set) =>
      broken(set, ({ spec }) =>
        appsOf(set).some((labels) => {
          const allowed = MAY_SEND_TO[labels['app'] ?? '']
          if (allowed === undefined || !selects(spec?.podSelector, labels)) return false
          const peers = (spec?.egress ?? []).flatMap(({ to = [] }) => to)
          return peers.some((peer) => peerApps(set, peer)?.every((app) => allowed.includes(app)) !== true)
        }),
      ),
  },
  {
    name: 'resolver-named',
    because: 'port 53 goes to the cluster resolver, not to whoever listens there',
    broken: (set) =>
      broken(set, ({ spec }) =>
        (spec?.egress ?? []).some(
          ({ to = [], ports = [] }) =>
            ports.some(({ port }) => port === 53) &&
            to.some((peer) => isEmpty(peer.podSelector ?? {}) || isEmpty(peer.namespaceSelector ?? {})),
        ),
      ),
  },
  {
    name: 'cluster-only',
    because: 'NodePort, LoadBalancer and external addresses publish a server past the ingress',
    broken: (set) =>
      ofKind(set, 'Service')
        .filter(
          ({ spec }) =>
            (spec?.type ?? 'ClusterIP') !== 'ClusterIP' ||
            spec?.externalIPs !== undefined ||
            spec?.ports?.some(({ nodePort }) => nodePort !== undefined),
        )
        .map(whereOf),
  },
  {
    name: 'proxy-address',
    because:
      'fetch dials the literal address of its policy: anything else than the proxy would be dialled past it, or not reached',
    broken: (set) => {
      const service = ofKind(set, 'Service').find(({ metadata }) => metadata.name === 'egress-proxy')
      const address = `${service?.spec?.clusterIP}:${service?.spec?.ports?.[0]?.port}`
      return policyMaps(set).flatMap((map) => {
        const fetch = policyIn(map)?.servers?.fetch
        return fetch === undefined || fetch.resources?.egress_proxy === address ? [] : [whereOf(map)]
      })
    },
  },
  {
    name: 'shared-limits',
    because:
      'where a store is, the policy counts there: by its literal address, for as many replicas as the autoscalers make, with a password that is mounted',
    broken: (set) => {
      const service = ofKind(set, 'Service').find(({ metadata }) => metadata.name === 'valkey')
      if (service === undefined) return []
      const address = `${service.spec?.clusterIP}:${service.spec?.ports?.[0]?.port}`
      const most = Math.max(
        ...ofKind(set, 'HorizontalPodAutoscaler')
          .filter(({ metadata }) => counts(metadata.name))
          .map(({ spec }) => spec?.maxReplicas ?? Number.POSITIVE_INFINITY),
      )
      return policyMaps(set).flatMap((map) => {
        const shared = policyIn(map)?.limits?.shared
        const holds = shared?.address === address && (shared.replicas ?? 0) >= most && shared.user !== undefined
        return holds ? unmounted(set, map, shared) : [whereOf(map)]
      })
    },
  },
  {
    name: 'shared-labels',
    because: 'where a store is, what a caller read from one server is known to the others, in the same store',
    broken: (set) => {
      if (!ofKind(set, 'Service').some(({ metadata }) => metadata.name === 'valkey')) return []
      return policyMaps(set).flatMap((map) => {
        const { limits, taint } = policyIn(map) ?? {}
        const labels = taint?.shared
        const holds = labels?.address === limits?.shared?.address && labels?.user !== undefined
        return holds ? unmounted(set, map, labels) : [whereOf(map)]
      })
    },
  },
]

const policyIn = (map: Document) => parseYaml(map.data?.['policy.yaml'] ?? '') as Policy | null
const unmounted = (set: readonly Document[], map: Document, { password_file: file }: Store) =>
  readersOf(set, map)
    .filter(({ pod }) =>
      pod.containers.some(
        ({ volumeMounts = [] }) => !volumeMounts.some(({ mountPath }) => file?.startsWith(`${mountPath}/`) === true),
      ),
    )
    .map(({ where }) => where)

type Store = { address?: string; user?: string; password_file?: string }
type Policy = {
  servers?: { fetch?: { resources?: { egress_proxy?: string } } }
  limits?: { shared?: Store & { replicas?: number } }
  taint?: { shared?: Store }
}
const counts = (app: string) => MAY_SEND_TO[app]?.includes('valkey') === true
const readersOf = (set: readonly Document[], { metadata }: Document) =>
  workloads(set)
    .filter(({ labels }) => counts(labels['app'] ?? ''))
    .filter(({ pod }) => pod.volumes?.some(({ configMap }) => configMap?.name === metadata.name) === true)
const policyMaps = (set: readonly Document[]) =>
  ofKind(set, 'ConfigMap').filter(({ data }) => data?.['policy.yaml'] !== undefined)
