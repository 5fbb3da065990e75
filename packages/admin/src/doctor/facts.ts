// What can be seen from inside a process, gathered without a verdict. `undefined` means: could not be looked at.
import { closeSync, openSync, readFileSync, statfsSync, statSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { version as kernelBuild } from 'node:os'
import { join } from 'node:path'
import { verifyDirectory } from '@hardened-mcp/host/admin'

export type Mount = Readonly<{ at: string; options: readonly string[]; type: string }>
export type FileFact = Readonly<{ mode: number; uid: number; gid: number; size: number }>
/** `connected`: somebody answered. `closed`: refused, unreachable or silent within the time given. */
export type Reach = 'connected' | 'closed'

export type Facts = Readonly<{
  uid: number | undefined
  gid: number | undefined
  /** Lines of /proc/self/status. */
  status: ReadonlyMap<string, string> | undefined
  kernelBuild: string
  mounts: readonly Mount[] | undefined
  /** Places where a file could be made, of those that were tried. */
  writable: readonly string[]
  /** Of the directory of labels. */
  labels: { dir: string; file: FileFact | undefined } | undefined
  /** `decides`: a file could be made where the operator's verdicts are read. */
  approvals: { dir: string; requests: FileFact | undefined; decides: boolean } | undefined
  audit: { dir: string; file: FileFact | undefined; exitCode: number; freeBytes: number | undefined } | undefined
  keys: { path: string; file: FileFact | undefined } | undefined
  /** Text of the control group's files; the names are those of version 2. */
  cgroup: Readonly<Record<'memory' | 'swap' | 'pids' | 'cpu', string | undefined>>
  /** Lines of /proc/self/limits. */
  limits: string | undefined
  metadata: Reach
  internet: Reach
  node: string
}>

const PLACES = [
  '/',
  '/tmp',
  '/var/tmp',
  '/dev/shm',
  '/dev',
  '/run',
  '/etc',
  '/app',
  '/home',
  '/data',
  '/files',
] as const
const REACH_MS = 1_500
const VERSION_2 = { memory: 'memory.max', swap: 'memory.swap.max', pids: 'pids.max', cpu: 'cpu.max' } as const
const VERSION_1 = {
  memory: 'memory/memory.limit_in_bytes',
  swap: 'memory/memory.memsw.limit_in_bytes',
  pids: 'pids/pids.max',
  cpu: 'cpu/cpu.cfs_quota_us',
} as const

/** Looks around. Makes and removes one empty file wherever that is possible; opens two connections and sends nothing. */
export async function gather(
  asked: Readonly<{ audit?: string; keys?: string; taint?: string; approvals?: string }>,
): Promise<Facts> {
  const own = [asked.audit, asked.taint, asked.approvals && join(asked.approvals, 'requests')]
  const mounts = mountsOf(tolerant(() => readFileSync('/proc/self/mountinfo', 'utf8')))
  const [metadata, internet] = await Promise.all([
    reach('169.254.169.254', 80), // the clouds' metadata service
    reach('1.1.1.1', 443), // any address of the internet would do
  ])
  // Message queues are no files: nothing can be kept in one, or run from it.
  const places = new Set(
    [...PLACES, ...(mounts ?? []).flatMap(({ at, type }) => (type === 'mqueue' ? [] : [at]))].filter(
      (place) => !own.includes(place),
    ),
  )
  return {
    uid: process.geteuid?.(),
    gid: process.getegid?.(),
    status: statusOf(tolerant(() => readFileSync('/proc/self/status', 'utf8'))),
    kernelBuild: kernelBuild(),
    mounts,
    writable: [...places].filter((place) => !/^\/(?:proc|sys)(?:\/|$)/.test(place) && canWrite(place)).toSorted(),
    audit: asked.audit === undefined ? undefined : await trailOf(asked.audit),
    labels: asked.taint === undefined ? undefined : { dir: asked.taint, file: fileOf(asked.taint) },
    approvals: asked.approvals === undefined ? undefined : deskOf(asked.approvals),
    keys: asked.keys === undefined ? undefined : { path: asked.keys, file: fileOf(asked.keys) },
    cgroup: { memory: group('memory'), swap: group('swap'), pids: group('pids'), cpu: group('cpu') },
    limits: tolerant(() => readFileSync('/proc/self/limits', 'utf8')),
    metadata,
    internet,
    node: process.versions.node,
  }
}

const deskOf = (dir: string) => ({
  ...{ dir, requests: fileOf(join(dir, 'requests')), decides: canWrite(join(dir, 'verdicts')) },
})

export const statusOf = (text: string | undefined) =>
  text === undefined
    ? undefined
    : new Map(text.split('\n').map((line) => [line.split(':')[0] ?? '', line.slice(line.indexOf(':') + 1).trim()]))

/** Reads /proc/PID/mountinfo (proc(5)). A mount that another one covers is left out. */
export function mountsOf(text: string | undefined): readonly Mount[] | undefined {
  if (text === undefined) return undefined
  const byPlace = new Map<string, Mount>()
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , , at, options] = before.split(' ')
    if (at === undefined || options === undefined) continue
    byPlace.set(at, { at, options: options.split(','), type: after.split(' ')[0] ?? '' })
  }
  return [...byPlace.values()]
}

function canWrite(place: string): boolean {
  const path = join(place, `.hardened-mcp-doctor-${process.pid}`)
  const made = tolerant(() => openSync(path, 'wx', 0o600))
  if (made === undefined) return false
  closeSync(made)
  tolerant(() => unlinkSync(path))
  return true
}

export const fileOf = (path: string): FileFact | undefined =>
  tolerant(() => {
    const { mode, uid, gid, size } = statSync(path)
    return { mode, uid, gid, size }
  })

export async function trailOf(dir: string): Promise<NonNullable<Facts['audit']>> {
  const { exitCode } = await verifyDirectory(dir)
  const freeBytes = tolerant(() => {
    const { bavail, bsize } = statfsSync(dir)
    return bavail * bsize
  })
  return { dir, file: fileOf(dir), exitCode, freeBytes }
}

const group = (what: keyof typeof VERSION_2) =>
  tolerant(() => readFileSync(join('/sys/fs/cgroup', VERSION_2[what]), 'utf8').trim()) ??
  tolerant(() => readFileSync(join('/sys/fs/cgroup', VERSION_1[what]), 'utf8').trim())

function reach(host: string, port: number): Promise<Reach> {
  return new Promise((resolve) => {
    const end = (answer: Reach) => {
      socket.destroy()
      resolve(answer)
    }
    const socket = connect({ host, port, timeout: REACH_MS })
    socket.on('connect', () => end('connected'))
    for (const event of ['error', 'timeout']) socket.on(event, () => end('closed'))
  })
}

function tolerant<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
