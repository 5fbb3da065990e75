// What a deployment holds on this machine besides its containers: processes, mounts, sockets, namespaces, rules, files. Two pictures show a leak.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { docker, HOME, must, STATE } from './machine.ts'

/** Name of a kind to one line for each thing of that kind; ids and numbers that change with every start are left out. */
export type Picture = Readonly<Record<string, readonly string[]>>

export async function takePicture(): Promise<Picture> {
  const sh = async (script: string) => plain(await must('sh', ['-c', script]))
  return {
    processes: processes(),
    mounts: plain(readFileSync('/proc/mounts', 'utf8'), HOME),
    // One line for a name: each connection to it has an entry of its own
    sockets: [...new Set(plain(readFileSync('/proc/net/unix', 'utf8'), HOME).map((line) => line.slice(line.indexOf(HOME))))], // biome-ignore format: one list
    interfaces: await sh('ip -o link | cut -d: -f2 | cut -d@ -f1'),
    rules: await sh('iptables-save | grep "^-A"; iptables-save -t nat | grep "^-A"'),
    control_groups: await sh('find /sys/fs/cgroup -type d -path "*docker*" 2>/dev/null || true'),
    run_files: await sh(`find ${HOME}/exec ${HOME}/tmp /run/containerd /run/runsc /run/docker 2>/dev/null || true`),
    // Logs are turned over by size (compose.yaml), so it is their names that count
    container_files: await sh(
      `find ${HOME}/data/containers ${HOME}/data/tmp ${HOME}/data/volumes ${HOME}/data/network`,
    ),
    layers: await sh(`ls ${HOME}/data/overlay2`),
    state: await sh(`find ${STATE} -not -path "${STATE}/tmp*" | sed "s|${STATE}||"`),
    docker: plain(`${await docker('ps', '-a', '--format', '{{.Names}}')}\n${await docker('network', 'ls', '--format', '{{.Name}}')}\n${await docker('volume', 'ls', '-q')}`), // biome-ignore format: one list
  }
}

/** Open files of the Docker daemon and its containerd. */
export function daemonFiles(): number {
  const pids = ['dockerd.pid', 'exec/containerd/containerd.pid'].map((file) => readFileSync(join(HOME, file), 'utf8'))
  return pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid.trim()}/fd`).length, 0)
}

/** What `after` has and `before` has not. The other way round is no leak: Docker clears away by the minute. */
export function leftovers(before: Picture, after: Picture): string[] {
  return Object.keys(after).flatMap((kind) => without(after[kind] ?? [], before[kind] ?? []).map((line) => `${kind}: ${line}`)) // biome-ignore format: one chain
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others]
  return lines.filter((line) => {
    const at = left.indexOf(line)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

// Sorted, and without the parts that name one start of a container: ids, random names of interfaces, process ids.
const plain = (text: string, having = '') =>
  text
    .split('\n')
    .flatMap((line) => (line.trim() !== '' && line.includes(having) ? [line.replaceAll(CHANGING, '#')] : []))
    .sort()
const CHANGING = /\b[0-9a-f]{64}\b|\b[0-9a-f]{32}\b|\bveth[0-9a-f]{7}\b|(?<=netns\/)[0-9a-f]{12}\b|(?<=\/)[0-9]+(?=[./]|$)|(?<=-)[0-9a-f]{12}\b/g // biome-ignore format: one pattern

// Those that belong to a container or run for this daemon, by what they are.
function processes(): string[] {
  return readdirSync('/proc')
    .flatMap((pid) => (/^\d+$/.test(pid) ? ofContainers(pid) : []))
    .sort()
}

function ofContainers(pid: string): string[] {
  try {
    const [command, group] = [commandOf(pid), readFileSync(`/proc/${pid}/cgroup`, 'utf8')]
    if (!/[:/]docker\//.test(group) && !command.includes(HOME) && !command.startsWith('runsc')) return []
    if (statusOf(pid, 'State').startsWith('Z')) return ['zombie']
    if (command === '' && isInSandbox(pid)) return []
    return [command === '' ? '' : (readlinkSync(`/proc/${pid}/exe`).split('/').at(-1) ?? '')]
  } catch {
    return [] // it has just ended
  }
}

// gVisor runs what is inside in processes without a command line, and keeps as many of them as it once needed: no leak
// while the sandbox that they come from lives.
function isInSandbox(pid: string): boolean {
  if (pid === '0') return false
  return commandOf(pid).startsWith('runsc-sandbox') || isInSandbox(statusOf(pid, 'PPid'))
}

const commandOf = (pid: string) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
const statusOf = (pid: string, name: string) =>
  new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? ''
