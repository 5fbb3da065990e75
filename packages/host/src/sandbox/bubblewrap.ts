// Question: what is there for a process to reach, beside what the operator granted?
// Threat:   native code or a hole in Node that steps over the permission model: the user's home, the network, other processes.
// Rule:     namespaces of its own; read-only mounts of Node, its libraries, the code and the grants, and nothing else; no capability.
// Limits:   a process that dials out keeps the machine's network; the supervisor kills bwrap with its group, because alone it would leave a shell while it starts.
// Proof:    test/e2e/sandbox-mode.test.ts

export type Fence = Readonly<{
  /** Absolute paths that can be read; what does not exist is left out. */
  reads: readonly string[]
  writes: readonly string[]
  /** Keeps the network namespace of the machine. */
  network: boolean
}>

/** The descriptor on which bubblewrap reads the seccomp filter: 3 is the channel. */
export const FILTER_FD = 4

/** Arguments of bwrap in front of the command. `runtime`: Node and the libraries it is linked to. */
export function bubblewrapArgs({ reads, writes, network }: Fence, runtime: readonly string[]): readonly string[] {
  const mounts = [
    ...new Map([
      ...[...runtime, ...reads].map((path) => [plain(path), '--ro-bind-try'] as const),
      ...writes.map((path) => [plain(path), '--bind'] as const),
    ]),
  ]
    .filter(([path]) => path !== '/proc' && !path.startsWith('/proc/')) // a /proc of its own is mounted
    .sort(([one], [other]) => one.length - other.length) // what lies within another is mounted after it
  const holdsTmp = mounts.some(([path]) => path === '/' || path === '/tmp')
  return [
    '--unshare-user',
    '--disable-userns', // no namespace within the namespace: that is where the kernel's holes are reached from
    '--unshare-ipc',
    '--unshare-pid',
    '--unshare-uts',
    '--unshare-cgroup-try',
    ...(network ? [] : ['--unshare-net']),
    ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--hostname', 'sandbox'],
    ...(holdsTmp ? [] : ['--tmpfs', '/tmp']),
    ...mounts.flatMap(([path, how]) => [how, path, path]),
    ...['--proc', '/proc', '--remount-ro', '/', '--chdir', '/', '--seccomp', String(FILTER_FD), '--'],
  ]
}

const plain = (path: string) => (path.length > 1 ? path.replace(/\/+$/, '') : path)
