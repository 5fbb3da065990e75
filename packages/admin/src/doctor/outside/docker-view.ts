// What Docker runs, read with `docker inspect`, in the form that the rules judge.
import { execFileSync } from 'node:child_process'
import { type Deployment, type Mount, type Network, rangeOf, roleOf, type Service } from './deployment.ts'
import { seccompChoice } from './seccomp-choice.ts'
import { type Fields, partOf, textOf, textsOf as texts } from './fields.ts'
import { tmpfsOf } from './compose-parts.ts'

/** A container: its service, and the process on the host that holds it (0: it does not run). */
export type Container = Readonly<{ id: string; service: string; pid: number }>
export type DockerView = Readonly<{ deployment: Deployment; containers: readonly Container[] }>

const LIMIT_MS = 60_000
const SERVICE = 'com.docker.compose.service'
// What Docker says when nothing was asked for: a path of /proc is masked or read-only by itself.
const UNJUDGED = [
  'VolumeDriver',
  'CgroupParent',
  'PublishAllPorts',
  'AutoRemove',
  'Isolation',
  'CpusetCpus',
  'Init',
  'OomKillDisable',
]
const DEFAULTS: ReadonlySet<unknown> = new Set(['', 'default', false, null, undefined])

/** Runs the Docker client. Throws `RangeError` with one line when it fails. */
export function dockerSays(args: readonly string[], environment = process.env): string {
  try {
    return execFileSync(environment['DOCKER'] ?? 'docker', [...args], {
      encoding: 'utf8',
      env: environment,
      timeout: LIMIT_MS,
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (thrown) {
    const { stderr, message } = thrown as Error & { stderr?: string }
    throw new RangeError(`docker ${args[0]} failed: ${(stderr ?? message).trim().split('\n')[0]}`)
  }
}

/** Reads the containers of one compose project. Throws `RangeError` with one line when Docker is out of reach or has none. */
export function viewDocker(project: string): DockerView {
  const filter = ['--filter', `label=com.docker.compose.project=${project}`]
  const ids = wordsIn(dockerSays(['ps', '--all', '--quiet', '--no-trunc', ...filter]))
  if (ids.length === 0) throw new RangeError(`Docker has no container of the project ${project}`)
  const inspected = listOf(dockerSays(['inspect', ...ids]))
  const images = new Map(
    listOf(dockerSays(['image', 'inspect', ...new Set(inspected.map(({ Image }) => String(Image)))])).map((image) => [
      textOf(image['Id']),
      at(image, 'Config'),
    ]),
  )
  const networks = wordsIn(dockerSays(['network', 'ls', '--quiet', '--no-trunc', ...filter]))
  // With control groups of version 1 Docker shares their namespace with the host by default: paths are seen, nothing can be done.
  const cgroup1 = dockerSays(['info', '--format', '{{.CgroupVersion}}']).trim() === '1'
  const prefix = `${project}_`
  const plain = (name: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : name)
  return {
    deployment: {
      services: inspected.map((one) => serviceOf(one, images.get(textOf(one['Image'])) ?? {}, { plain, cgroup1 })),
      networks:
        networks.length === 0
          ? []
          : listOf(dockerSays(['network', 'inspect', ...networks])).map((one) => networkOf(one, plain)),
      secrets: inspected
        .flatMap((one) => mountsOf(one))
        .filter(({ target }) => target.startsWith('/run/secrets/'))
        .map(({ target, source }) => ({ name: target.slice('/run/secrets/'.length), file: source })),
      unjudged: [],
    },
    containers: inspected.map((one) => ({
      id: textOf(one['Id']),
      service: serviceName(one),
      pid: Number(at(one, 'State')['Pid'] ?? 0),
    })),
  }
}

function serviceOf(
  container: Fields,
  image: Fields,
  { plain, cgroup1 }: Readonly<{ plain: (name: string) => string; cgroup1: boolean }>,
): Service {
  const [config, host] = [at(container, 'Config'), at(container, 'HostConfig')]
  const name = serviceName(container)
  const text = (key: string) => textOf(host[key])
  const number = (key: string) => Number(host[key] ?? 0)
  const options = texts(host['SecurityOpt']).map((option) => option.replace(/^([a-z-]+):/, '$1='))
  const profile = options.find((option) => option.startsWith('seccomp='))?.slice('seccomp='.length)
  const logging = at(host, 'LogConfig')
  const restart = at(host, 'RestartPolicy')
  const hardOf = (wanted: string) => {
    const limit = list(host['Ulimits']).find(({ Name }) => Name === wanted)
    return limit === undefined ? undefined : Number(limit['Hard'])
  }
  const ofImage = new Set(texts(image['Env']))
  const entrypoint = texts(config['Entrypoint'])
  const period = number('CpuPeriod') || 100_000
  return {
    name,
    role: roleOf(name),
    image: textOf(config['Image']),
    runtime: text('Runtime'),
    user: textOf(config['User']),
    privileged: host['Privileged'] === true,
    readOnly: host['ReadonlyRootfs'] === true,
    capDrop: texts(host['CapDrop']),
    capAdd: texts(host['CapAdd']),
    noNewPrivileges: options.some((option) => /^no-new-privileges(?:=true)?$/.test(option)),
    seccomp: seccompChoice(name, profile, () => '{'),
    otherOptions: options.filter((option) => !/^(?:seccomp=|no-new-privileges(?:=|$))/.test(option)),
    namespaces: {
      ipc: text('IpcMode'),
      pid: text('PidMode'),
      uts: text('UTSMode'),
      userns: text('UsernsMode'),
      cgroup: cgroup1 ? '' : text('CgroupnsMode'),
      network: text('NetworkMode'),
    },
    memory: number('Memory'),
    memoryAndSwap: number('MemorySwap'),
    pids: number('PidsLimit'),
    cpus: number('NanoCpus') / 1e9 || number('CpuQuota') / period,
    core: hardOf('core'),
    files: hardOf('nofile'),
    mounts: [
      ...mountsOf(container).filter(({ target }) => !target.startsWith('/run/secrets/')),
      ...texts(host['VolumesFrom']).map((from) => ({
        type: 'volumes_from',
        source: from,
        target: from,
        readOnly: false,
      })),
    ],
    tmpfs: Object.entries(at(host, 'Tmpfs')).map(([target, flags]) => tmpfsOf(`${target}:${String(flags)}`)),
    devices: [...list(host['Devices']), ...list(host['DeviceRequests']), ...texts(host['DeviceCgroupRules'])].map(
      (one) => JSON.stringify(one),
    ),
    ports: Object.values(at(host, 'PortBindings')).flatMap((bindings) =>
      list(bindings).map(({ HostIp, HostPort }) => ({ address: textOf(HostIp), port: textOf(HostPort) })),
    ),
    networks: Object.fromEntries(
      Object.entries(at(at(container, 'NetworkSettings'), 'Networks')).map(([network, joined]) => [
        plain(network),
        textOf((joined as Fields)['IPAddress']),
      ]),
    ),
    dns: texts(host['Dns']),
    hosts: [...texts(host['ExtraHosts']), ...texts(host['Links'])],
    environment: texts(config['Env']).filter((pair) => !ofImage.has(pair)),
    restart: textOf(restart['Name']) || 'no',
    logging: { driver: textOf(logging['Type']), bounded: at(logging, 'Config')['max-size'] !== undefined },
    graceSeconds: Number(config['StopTimeout'] ?? 10),
    sysctls: Object.keys(at(host, 'Sysctls')),
    groups: texts(host['GroupAdd']),
    command: texts(config['Cmd']),
    entrypoint: JSON.stringify(entrypoint) === JSON.stringify(texts(image['Entrypoint'])) ? undefined : entrypoint,
    unjudged: UNJUDGED.filter((key) => !DEFAULTS.has(host[key])),
  }
}

const serviceName = (container: Fields) => textOf(at(at(container, 'Config'), 'Labels')[SERVICE])

const mountsOf = (container: Fields): readonly Mount[] =>
  list(container['Mounts']).map(({ Type, Source, Destination, RW, Propagation }) => ({
    type: textOf(Type),
    source: textOf(Source),
    target: textOf(Destination),
    readOnly: RW !== true,
    ...(Propagation === undefined || Propagation === '' ? {} : { propagation: textOf(Propagation) }),
  }))

function networkOf(one: Fields, plain: (name: string) => string): Network {
  return {
    name: plain(textOf(one['Name'])),
    internal: one['Internal'] === true,
    driver: textOf(one['Driver']),
    bridge: textOf(at(one, 'Options')['com.docker.network.bridge.name']),
    ipv6: one['EnableIPv6'] === true,
    ...rangeOf(list(at(one, 'IPAM')['Config']), 'IPRange'),
  }
}

const wordsIn = (text: string) => text.split(/\s+/).filter(Boolean)
const listOf = (text: string) => JSON.parse(text) as readonly Fields[]
const at = (fields: Fields, key: string): Fields => partOf(fields[key])
const list = (value: unknown): readonly Fields[] => (value ?? []) as readonly Fields[]
