// Reads a compose file, as it was written or as `docker compose config` renders it, into what the rules judge.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { parse } from 'yaml'
import { hardLimit, mountOf, networkOf, networksOf, pairsOf, portOf, tmpfsOf, wordsOf } from './compose-parts.ts'
import { type Deployment, roleOf, type Service } from './deployment.ts'
import { type Fields, itemsOf, partOf, textOf, textsOf } from './fields.ts'
import { interpolate, type Variables } from './interpolate.ts'
import { seccompChoice } from './seccomp-choice.ts'
import { bytesOf, secondsOf } from './units.ts'

// Each is judged by a rule, or changes nothing that a rule is about.
const JUDGED = [
  'runtime read_only user privileged cap_drop cap_add security_opt ipc pid uts userns_mode cgroup',
  'network_mode mem_limit memswap_limit pids_limit cpus ulimits volumes tmpfs devices',
  'device_cgroup_rules volumes_from ports networks dns extra_hosts links external_links environment',
  'env_file restart logging stop_grace_period sysctls group_add command entrypoint image secrets gpus',
  'cgroup_parent',
]
const HARMLESS = [
  'container_name hostname labels depends_on profiles healthcheck platform pull_policy expose',
  'stop_signal working_dir',
]
const TOP = ['services', 'networks', 'secrets', 'version', 'name']
const known: ReadonlySet<string> = new Set([...JUDGED, ...HARMLESS].flatMap((line) => line.split(' ')))

/** Throws `RangeError` with one line when the file cannot be read or is no compose file. */
export function readCompose(file: string, environment: Variables): Deployment {
  const folder = dirname(resolve(file))
  const settings = join(folder, '.env') // compose reads it too, and what it says can weaken everything
  const variables = { ...(existsSync(settings) ? parseEnv(readFileSync(settings, 'utf8')) : {}), ...environment }
  const whole = partOf(interpolate(parsed(file), variables))
  const services = Object.entries(partOf(whole['services']))
  if (services.length === 0) throw new RangeError(`${file} has no services`)
  return {
    services: services.map(([name, part]) => serviceOf(name, partOf(part), folder)),
    networks: Object.entries(partOf(whole['networks'])).map(([name, part]) => networkOf(name, partOf(part))),
    secrets: Object.entries(partOf(whole['secrets'])).map(([name, part]) => {
      const path = partOf(part)['file']
      return { name, file: typeof path === 'string' ? resolve(folder, path) : undefined }
    }),
    unjudged: Object.keys(whole).filter((key) => !TOP.includes(key) && !key.startsWith('x-')),
  }
}

function parsed(file: string): unknown {
  let source: string
  try {
    source = readFileSync(file, 'utf8')
  } catch (thrown) {
    throw new RangeError(`${file} cannot be read (${(thrown as NodeJS.ErrnoException).code})`)
  }
  try {
    return parse(source, { merge: true, version: '1.1', maxAliasCount: 100 })
  } catch (thrown) {
    throw new RangeError(`${file} is not valid YAML: ${(thrown as Error).message.split('\n')[0]}`)
  }
}

function serviceOf(name: string, part: Fields, folder: string): Service {
  const text = (key: string, otherwise = '') => textOf(part[key], otherwise)
  const options = textsOf(part['security_opt']).map((option) => option.replace(/^([a-z-]+):/, '$1='))
  const profile = options.find((option) => option.startsWith('seccomp='))?.slice('seccomp='.length)
  const logging = partOf(part['logging'])
  const driver = textOf(logging['driver'], 'json-file')
  return {
    name,
    role: roleOf(name),
    image: text('image'),
    runtime: text('runtime'),
    user: text('user'),
    privileged: part['privileged'] === true,
    readOnly: part['read_only'] === true,
    capDrop: textsOf(part['cap_drop']),
    capAdd: textsOf(part['cap_add']),
    noNewPrivileges: options.some((option) => /^no-new-privileges(?:=true)?$/.test(option)),
    seccomp: seccompChoice(name, profile, (path) => readFileSync(resolve(folder, path), 'utf8')),
    otherOptions: options.filter((option) => !/^(?:seccomp=|no-new-privileges(?:=|$))/.test(option)),
    namespaces: {
      ipc: text('ipc', 'private'),
      pid: text('pid', 'private'),
      uts: text('uts', 'private'),
      userns: text('userns_mode', 'private'),
      cgroup: text('cgroup', 'private'),
      network: text('network_mode', 'own'),
    },
    memory: bytesOf(part['mem_limit']),
    memoryAndSwap: bytesOf(part['memswap_limit']),
    pids: Number(part['pids_limit'] ?? 0),
    cpus: Number(part['cpus'] ?? 0),
    core: hardLimit(part, 'core'),
    files: hardLimit(part, 'nofile'),
    mounts: [
      ...itemsOf(part['volumes']).map((item) => mountOf(item, folder)),
      ...textsOf(part['volumes_from']).map((from) => ({
        type: 'volumes_from',
        source: from,
        target: from,
        readOnly: false,
      })),
    ],
    tmpfs: textsOf(part['tmpfs']).map(tmpfsOf),
    devices: [...itemsOf(part['devices']), ...itemsOf(part['device_cgroup_rules']), ...itemsOf(part['gpus'])].map(
      (item) => textOf(item),
    ),
    ports: itemsOf(part['ports']).map(portOf),
    networks: networksOf(part['networks']),
    dns: textsOf(part['dns']),
    hosts: [...pairsOf(part['extra_hosts']), ...textsOf(part['links']), ...textsOf(part['external_links'])],
    environment: [
      ...pairsOf(part['environment']),
      ...itemsOf(part['env_file']).map((item) => `env_file=${textOf(item)}`),
    ],
    restart: text('restart', 'no'),
    logging: { driver, bounded: bytesOf(partOf(logging['options'])['max-size']) > 0 },
    graceSeconds: secondsOf(part['stop_grace_period']),
    sysctls: pairsOf(part['sysctls']),
    groups: textsOf(part['group_add']),
    command: wordsOf(part['command']),
    entrypoint:
      part['entrypoint'] === undefined || part['entrypoint'] === null ? undefined : wordsOf(part['entrypoint']),
    unjudged: [
      ...Object.keys(part).filter((key) => !known.has(key) && !key.startsWith('x-')),
      ...(text('cgroup_parent') === '' ? [] : ['cgroup_parent']),
    ],
  }
}
