// What the outside look judges: services and networks in one form, whether a compose file says so or Docker runs them so.
import { type Fields, textOf } from './fields.ts'

/** `wall`: a server or the egress proxy, which runs behind gVisor. `other`: a service that this suite does not ship. */
export type Role = 'server' | 'proxy' | 'gateway' | 'other'
export const ROLES: Readonly<Record<string, Role>> = {
  'db-query': 'server',
  file: 'server',
  fetch: 'server',
  'egress-proxy': 'proxy',
  gateway: 'gateway',
}

export type Mount = Readonly<{ type: string; source: string; target: string; readOnly: boolean; propagation?: string }>
/** `own` and `gvisor` are the shipped profiles of that very server, compared by content. */
export type SeccompChoice = 'own' | 'gvisor' | 'default' | 'unconfined' | 'other' | 'unreadable'
export type Namespaces = Readonly<Record<'ipc' | 'pid' | 'uts' | 'userns' | 'cgroup' | 'network', string>>

export type Service = Readonly<{
  name: string
  role: Role
  image: string
  runtime: string
  /** `UID:GID`; empty: what the image says. */
  user: string
  privileged: boolean
  readOnly: boolean
  capDrop: readonly string[]
  capAdd: readonly string[]
  noNewPrivileges: boolean
  seccomp: SeccompChoice
  /** Security options beside the two above. */
  otherOptions: readonly string[]
  namespaces: Namespaces
  /** Bytes; 0 or less: without limit. */
  memory: number
  memoryAndSwap: number
  pids: number
  cpus: number
  /** Hard limits; `undefined`: what the daemon gives. */
  core: number | undefined
  files: number | undefined
  mounts: readonly Mount[]
  tmpfs: readonly Readonly<{ target: string; options: readonly string[] }>[]
  devices: readonly string[]
  ports: readonly Readonly<{ address: string; port: string }>[]
  /** Name of the network, and the address in it when one is fixed. */
  networks: Readonly<Record<string, string | undefined>>
  dns: readonly string[]
  hosts: readonly string[]
  /** `NAME=value`. */
  environment: readonly string[]
  restart: string
  logging: Readonly<{ driver: string; bounded: boolean }>
  graceSeconds: number
  sysctls: readonly string[]
  groups: readonly string[]
  command: readonly string[]
  /** `undefined`: the image's own. */
  entrypoint: readonly string[] | undefined
  /** Settings that nothing here judges. */
  unjudged: readonly string[]
}>

export type Network = Readonly<{
  name: string
  internal: boolean
  driver: string
  /** Name of the bridge on the host, which deploy/firewall goes by. */
  bridge: string
  ipv6: boolean
  /** From where Docker gives addresses to containers that name none. */
  range?: string
}>

/** The range of the first address pool, under the name that compose files or Docker have for it. */
export function rangeOf([pool]: readonly Fields[], key: string): Pick<Network, 'range'> {
  const range = textOf(pool?.[key])
  return range === '' ? {} : { range }
}

export type Deployment = Readonly<{
  services: readonly Service[]
  networks: readonly Network[]
  /** Files handed in as secrets: `name` and the path on the host; `undefined`: not a file. */
  secrets: readonly Readonly<{ name: string; file: string | undefined }>[]
  unjudged: readonly string[]
}>

export const roleOf = (name: string): Role => (Object.hasOwn(ROLES, name) ? (ROLES[name] as Role) : 'other')
