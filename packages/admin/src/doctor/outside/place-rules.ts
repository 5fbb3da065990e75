// Question: what of the host can a service see, and where can it write?
// Threat:   Docker's socket or a folder of the host mounted "for a moment"; a place to keep a program; secrets in an environment.
// Rule:     the root and every mount read-only but the directories of audit, labels and requests, sources that are data and nothing of the system, no environment.
// Limits:   judges paths, not what lies behind them; a link below a data folder is the file server's matter.
// Proof:    compose-weakened.test.ts
import { isIP } from 'node:net'
import type { Mount, Service } from './deployment.ts'
import { EVERYONE, type Fault, type Rule, serviceRule, SERVERS, WALLED } from './rule.ts'

// A source that is one of these, or that one of these lies within, is the host and not data.
const OF_THE_HOST = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/lib',
  '/proc',
  '/root',
  '/run',
  '/sbin',
  '/sys',
  '/usr',
  '/var/lib/docker',
  '/var/run',
]
const TMPFS = ['ro', 'noexec', 'nosuid', 'nodev']
const OWN_ENVIRONMENT: Readonly<Record<string, readonly string[]>> = { gateway: ['MCP_PUBLIC_HOST'] }
const FIRST_WORD = /^[a-z][a-z-]*$/

/** Where a server asks the operator; the verdicts beside it are mounted read-only. */
export const REQUESTS = '/approvals/requests'
const OWN_STATE: readonly string[] = ['/audit', '/labels', REQUESTS]
const ownState = ({ target }: Mount) => OWN_STATE.includes(target)
const isOfTheHost = (path: string) =>
  path === '/' ||
  OF_THE_HOST.some((place) => path === place || path.startsWith(`${place}/`) || place.startsWith(`${path}/`)) ||
  path.endsWith('.sock')
const listed = (faults: readonly string[]): Fault | undefined => (faults.length === 0 ? undefined : faults.join(', '))
const valuesOf = ({ command }: Service, flag: string) =>
  command.flatMap((word, at) =>
    word === flag ? [command[at + 1] ?? ''] : word.startsWith(`${flag}=`) ? [word.slice(flag.length + 1)] : [],
  )

export const placeRules: readonly Rule[] = [
  serviceRule({
    id: 'root_read_only',
    checked: 'every root is read-only',
    mend: 'read_only: true',
    of: EVERYONE,
    look: ({ readOnly }) => (readOnly ? undefined : 'the root can be written'),
  }),
  serviceRule({
    id: 'nothing_writable',
    checked: 'the directories of audit, labels and requests are the only mounts that can be written',
    mend: 'read_only: true on every volume but the directories of audit, labels and requests (a root of file that callers may write is the exception to accept knowingly)',
    of: EVERYONE,
    look: ({ role, mounts }) =>
      listed(
        mounts
          .filter((mount) => !mount.readOnly && !(role === 'server' && ownState(mount)))
          .map(({ target }) => `${target} can be written`),
      ),
  }),
  serviceRule({
    id: 'tmp_covered',
    checked: 'an empty read-only /tmp covers the writable one of gVisor, and no other tmpfs is there',
    mend: 'tmpfs: ["/tmp:ro,noexec,nosuid,nodev,size=4k"]',
    of: WALLED,
    look({ tmpfs }) {
      const open = tmpfs.flatMap(({ target, options }) =>
        TMPFS.filter((option) => !options.includes(option)).map((option) => `${target} is not ${option}`),
      )
      return tmpfs.some(({ target }) => target === '/tmp') ? listed(open) : 'nothing covers /tmp'
    },
  }),
  serviceRule({
    id: 'host_paths',
    checked: 'no socket and no folder of the system is mounted',
    mend: "Mount the data folder itself; Docker's socket, and what belongs to the system, are the host",
    of: EVERYONE,
    look: ({ mounts, role }) =>
      listed(
        mounts
          .filter(
            ({ type, source, target }) =>
              type === 'volumes_from' ||
              (type === 'bind' && isOfTheHost(source) && !(role === 'proxy' && target === '/etc/resolv.conf')),
          )
          .map(({ source, target }) => `${source} on ${target}`),
      ),
  }),
  serviceRule({
    id: 'propagation',
    checked: 'no mount is passed on to the host',
    mend: 'Take bind propagation away: shared mounts appear on the host',
    of: EVERYONE,
    look: ({ mounts }) =>
      listed(mounts.filter(({ propagation }) => /shared/.test(propagation ?? '')).map(({ target }) => target)),
  }),
  serviceRule({
    id: 'environment',
    checked: 'no server has an environment: secrets are files',
    mend: 'Give settings as arguments and secrets as files: an environment is inherited, dumped and logged',
    of: EVERYONE,
    look: ({ name, environment }) =>
      listed(
        environment
          .map((pair) => pair.split('=')[0] ?? '')
          .filter((key) => OWN_ENVIRONMENT[name]?.includes(key) !== true),
      ),
  }),
  serviceRule({
    id: 'entrypoint',
    checked: "every service starts its image's own program",
    mend: 'Take entrypoint away',
    of: EVERYONE,
    look: ({ entrypoint }) => (entrypoint === undefined ? undefined : `entrypoint is ${entrypoint.join(' ')}`),
  }),
  serviceRule({
    id: 'server_arguments',
    checked: 'each server has its policy, its trail, its keys, its Host names and no weakening',
    mend: 'serve NAME --policy FILE --audit DIR --keys FILE --http ADDRESS:PORT --trusted-proxy GATEWAY/32 --allowed-host HOST, no --sandbox none',
    of: SERVERS,
    look: argumentsOf,
  }),
  serviceRule({
    id: 'trusted_peers',
    checked: "a server trusts the gateway's address alone, and the proxy serves fetch's alone",
    mend: '--trusted-proxy with the address of the gateway in that network, --client with that of fetch, each /32, or the ip_range of their network',
    of: WALLED,
    look(service, deployment) {
      const [flag, peer] = service.role === 'proxy' ? ['--client', 'fetch'] : ['--trusted-proxy', 'gateway']
      const shared = deployment.networks.filter(({ name }) => Object.hasOwn(service.networks, name))
      const met = deployment.services.find(({ name }) => name === peer)?.networks ?? {}
      const addresses = shared.flatMap(({ name }) => (met[name] === undefined ? [] : [`${met[name]}/32`]))
      // A fetch container that a client starts over stdio gets its address from the range of that network.
      const started = service.role === 'proxy' ? shared.flatMap(({ range }) => range ?? []) : []
      const given = valuesOf(service, flag)
      if (given.length > 0 && given.every((value) => [...addresses, ...started].includes(value))) return undefined
      return `${flag} is ${given.join(', ') || 'not given'}, ${peer} is ${addresses.join(', ') || 'nowhere'}`
    },
  }),
  serviceRule({
    id: 'image',
    checked: 'each image has a tag or a digest of its own, and belongs to its service',
    mend: 'image: hardened-mcp/SERVICE:TAG with a tag that does not move, or @sha256:…',
    of: EVERYONE,
    look({ role, name, image }) {
      const [, path = '', tag] = /^(.*?)(?::([\w][\w.-]*))?(?:@sha256:[0-9a-f]{64})?$/.exec(image) ?? []
      if (!image.includes('@sha256:') && (tag === undefined || tag === 'latest'))
        return `${image} can be anything tomorrow`
      return role === 'other' || path.endsWith(`/${name}`) ? undefined : `${image} is not the image of ${name}`
    },
  }),
]

function argumentsOf(service: Service): Fault | undefined {
  const { command, name } = service
  const [verb, server] = command.filter((word) => FIRST_WORD.test(word))
  const without = ['--policy', '--audit', '--keys', '--http', '--allowed-host'].filter(
    (flag) => valuesOf(service, flag).length === 0,
  )
  const listens = valuesOf(service, '--http').map((text) => text.replace(/:\d+$/, ''))
  const sandbox = valuesOf(service, '--sandbox').filter((mode) => mode === 'none')
  return listed([
    ...(verb === 'serve' && server === name ? [] : [`runs ${verb ?? ''} ${server ?? ''}`]),
    ...without.map((flag) => `${flag} is missing`),
    ...sandbox.map(() => '--sandbox none'),
    ...listens
      .filter((host) => isIP(host) !== 4 || !Object.values(service.networks).includes(host))
      .map((host) => `listens on ${host}`),
  ])
}
