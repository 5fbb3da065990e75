// What the machine around the containers shows: releases, runtimes, firewall, files, trails, control groups. No verdicts here.
import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type FileFact, fileOf, trailOf } from '../facts.ts'
import type { Deployment, Service } from './deployment.ts'
import { dockerSays, type DockerView } from './docker-view.ts'
import { firstTime, reviewedAt } from './review.ts'

export type Release = Readonly<{ version: string; mended: ReadonlySet<string> }>
export type InForce = Readonly<{
  service: string
  runs: boolean
  memory?: string
  swap?: string
  pids?: string
  cpu?: string
}>
type Trail = Readonly<{
  service: string
  uid: number
  dir: string
  file: FileFact | undefined
  exitCode: number
  freeBytes: number | undefined
  reviewedMs: number | undefined
  startedMs: number | undefined
}>

export type HostFacts = Readonly<{
  nowMs: number
  docker: Release | undefined
  runc: Release | undefined
  /** Runtimes that the services ask for: what stands behind the name. `undefined`: Docker does not know the name. */
  runtimes: readonly Readonly<{ name: string; says: string | undefined }>[]
  /** `undefined`: could not be asked. */
  firewall: Readonly<{ code: number; says: string }> | undefined
  keys: readonly Readonly<{ path: string; uid: number; file: FileFact | undefined }>[]
  /** The gateway's certificate with its key, and the key of the authority beside it. */
  secrets: readonly Readonly<{
    path: string
    uid: number
    file: FileFact | undefined
    notAfterMs: number | undefined
  }>[]
  trails: readonly Trail[]
  inForce: readonly InForce[]
}>

const FIREWALL = join(import.meta.dirname, '../../../../../deploy/firewall')
const LIMIT_MS = 30_000
const PACKAGES = { docker: 'docker.io', runc: 'runc' } as const
// Files of the control group, first version 1, then version 2.
const GROUP = {
  memory: ['memory', 'memory.limit_in_bytes', 'memory.max'],
  swap: ['memory', 'memory.memsw.limit_in_bytes', 'memory.swap.max'],
  pids: ['pids', 'pids.max', 'pids.max'],
  cpu: ['cpu', 'cpu.cfs_quota_us', 'cpu.max'],
} as const

/** Looks at the machine. Needs root for the firewall and the files; what it may not see stays `undefined`. */
export async function gatherHost(
  { deployment, containers }: DockerView,
  reviewed: string | undefined,
): Promise<HostFacts> {
  const nowMs = Date.now()
  const servers = deployment.services.filter(({ role }) => role === 'server')
  const mountOf = ({ mounts }: Service, target: string) => mounts.find((mount) => mount.target === target)?.source
  return {
    nowMs,
    docker: release('docker', ['version', '--format', '{{.Server.Version}}']),
    runc: release('runc', ['info', '--format', '{{.RuncCommit.ID}}']),
    runtimes: runtimesOf(deployment),
    firewall: firewall(),
    keys: servers.flatMap((server) => {
      const folder = mountOf(server, '/etc/hardened-mcp/keys')
      return folder === undefined
        ? []
        : [{ path: join(folder, 'keys.json'), uid: uidOf(server), file: fileOf(join(folder, 'keys.json')) }]
    }),
    secrets: deployment.secrets.flatMap(({ file }) => (file === undefined ? [] : secretsAt(file, deployment))),
    trails: await Promise.all(
      servers.flatMap((server) => {
        const dir = mountOf(server, '/audit')
        return dir === undefined ? [] : [trail(server, dir, reviewed)]
      }),
    ),
    inForce: containers.map(({ service, pid }) => inForce(service, pid)),
  }
}

async function trail(server: Service, dir: string, reviewed: string | undefined): Promise<Trail> {
  const { file, exitCode, freeBytes } = await trailOf(dir)
  return {
    service: server.name,
    uid: uidOf(server),
    dir,
    file,
    exitCode,
    freeBytes,
    reviewedMs: reviewedAt(dir, reviewed),
    startedMs: firstTime(dir),
  }
}

const uidOf = ({ user }: Service) => Number(user.split(':')[0])

function release(tool: keyof typeof PACKAGES, ask: readonly string[]): Release | undefined {
  const version = quiet(() => dockerSays(ask).trim())
  if (version === undefined || version === '') return undefined
  // The number of a distribution's package stands still while its holes are closed; its changelog says which.
  const changelog = /[+~](?:ds|dfsg|deb)|ubuntu/.test(version)
    ? quiet(() => gunzipSync(readFileSync(`/usr/share/doc/${PACKAGES[tool]}/changelog.Debian.gz`)).toString())
    : undefined
  return { version, mended: new Set(changelog?.match(/CVE-\d{4}-\d+/g)) }
}

function runtimesOf({ services }: Deployment): HostFacts['runtimes'] {
  const known =
    quiet(
      () => JSON.parse(dockerSays(['info', '--format', '{{json .Runtimes}}'])) as Record<string, { path?: string }>,
    ) ?? {}
  const names = new Set(services.map(({ runtime }) => runtime))
  return [...names].map((name) => {
    const path = Object.hasOwn(known, name) ? known[name]?.path : undefined
    return {
      name,
      says:
        path === undefined
          ? undefined
          : quiet(() => execFileSync(path, ['--version'], { encoding: 'utf8', timeout: LIMIT_MS }).trim()),
    }
  })
}

function firewall(): HostFacts['firewall'] {
  if (process.geteuid?.() !== 0 || !existsSync(FIREWALL)) return undefined
  const { status, stderr, error } = spawnSync(FIREWALL, ['check'], { encoding: 'utf8', timeout: LIMIT_MS })
  return error === undefined && status !== null
    ? { code: status, says: stderr.trim().split('\n').join('; ') }
    : undefined
}

function secretsAt(path: string, { services }: Deployment): HostFacts['secrets'] {
  const gateway = services.find(({ role }) => role === 'gateway')
  const authority = join(dirname(path), 'ca.key')
  const notAfterMs = quiet(() => new X509Certificate(readFileSync(path)).validToDate.getTime())
  const own = { path, uid: gateway === undefined ? 0 : uidOf(gateway), file: fileOf(path), notAfterMs }
  return existsSync(authority)
    ? [own, { path: authority, uid: 0, file: fileOf(authority), notAfterMs: undefined }]
    : [own]
}

function inForce(service: string, pid: number): InForce {
  if (pid === 0) return { service, runs: false }
  const lines = quiet(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n')) ?? []
  const groupOf = (controller: string) =>
    lines.map((line) => line.split(':')).find(([, names = '']) => names.split(',').includes(controller))?.[2]
  const unified = groupOf('')
  const values = Object.entries(GROUP).flatMap(([what, [controller, first, second]]) => {
    const group = groupOf(controller)
    const path =
      group === undefined
        ? join('/sys/fs/cgroup', unified ?? '/nowhere', second)
        : join('/sys/fs/cgroup', controller, group, first)
    const value = quiet(() => readFileSync(path, 'utf8').trim())
    return value === undefined ? [] : [[what, value]]
  })
  return {
    service,
    runs: quiet(() => statSync(`/proc/${pid}`)) !== undefined,
    ...(Object.fromEntries(values) as Record<string, string>),
  }
}

function quiet<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
