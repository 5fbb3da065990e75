// Question: which system calls can a server make at all?
// Threat:   code that an attacker runs inside a server and that reaches for the kernel: new namespaces, tracing, raw sockets, io_uring.
// Rule:     what families.ts names is allowed, some of it only with the arguments below; everything else fails with EPERM.
// Limits:   one filter for all processes of a container; execve stays (the runtime needs one); runsc ignores it unless --oci-seccomp.
// Proof:    test/sandbox/breaking.test.ts
import { COMMON, DIALLING, type Family, NOT_FOR_PROXY, RESOLVING, WRITING } from './families.ts'

export type ServerProfile = 'db-query' | 'file' | 'fetch' | 'egress-proxy'
export const SERVER_PROFILES: readonly ServerProfile[] = ['db-query', 'file', 'fetch', 'egress-proxy']

type Arg = Readonly<{ index: number; value: number; valueTwo?: number; op: 'SCMP_CMP_EQ' | 'SCMP_CMP_MASKED_EQ' }>
type Rule = Readonly<{ names: readonly string[]; action: string; args?: readonly Arg[]; errnoRet?: number }>
export type Profile = Readonly<{
  defaultAction: string
  defaultErrnoRet: number
  archMap: readonly Readonly<{ architecture: string; subArchitectures: readonly string[] }>[]
  syscalls: readonly Rule[]
}>

const EPERM = 1
const ENOSYS = 38
const NEW_NAMESPACES = 0x7e020000 // CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET: the mask of Docker's default profile
const [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK] = [1, 2, 10, 16]
const [SOCK_STREAM, SOCK_DGRAM, SOCK_RAW] = [1, 2, 3]
const TYPE = 0xff // the rest of the type argument is SOCK_CLOEXEC and SOCK_NONBLOCK

// TCGETS, TIOCGWINSZ, FIONBIO, FIONREAD, FIOCLEX: what Node asks of descriptors. Not TIOCSTI, not device calls.
const IOCTLS = [0x5401, 0x5413, 0x5421, 0x541b, 0x5451]
// PR_SET_NAME, PR_GET_NAME, PR_CAPBSET_READ, PR_SET_VMA, PR_SET_PDEATHSIG is not among them: nobody needs it
const PRCTLS = [15, 16, 23, 0x53564d41]

const eq = (index: number, value: number): Arg => ({ index, value, op: 'SCMP_CMP_EQ' })
const masked = (index: number, mask: number, value: number): Arg => ({
  index,
  value: mask,
  valueTwo: value,
  op: 'SCMP_CMP_MASKED_EQ',
})
const allow = (name: string, ...args: readonly Arg[]): Rule => ({ names: [name], action: 'SCMP_ACT_ALLOW', args })

/** `gvisor`: for runsc --oci-seccomp, which answers every refusal with EPERM, so clone3 cannot be made to look absent. */
export function profile(server: ServerProfile, options: { gvisor?: boolean } = {}): Profile {
  const families = familiesOf(server)
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    archMap: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'].map((architecture) => ({ architecture, subArchitectures: [] })),
    syscalls: [
      { names: families.flatMap(({ calls }) => calls).sort(), action: 'SCMP_ACT_ALLOW' },
      allow('clone', masked(0, NEW_NAMESPACES, 0)),
      // The flags of clone3 are behind a pointer, out of reach of a filter: ENOSYS makes glibc fall back to clone.
      options.gvisor === true
        ? { names: ['clone3'], action: 'SCMP_ACT_ALLOW' }
        : { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
      allow('openat'),
      ...IOCTLS.map((request) => allow('ioctl', eq(1, request))),
      ...PRCTLS.map((option) => allow('prctl', eq(0, option))),
      allow('prlimit64', eq(2, 0)), // reads limits and sets none
      allow('socketpair', eq(0, AF_UNIX)),
      ...socketsOf(server),
    ],
  }
}

function familiesOf(server: ServerProfile): readonly Family[] {
  if (server === 'fetch') return [...Object.values(COMMON), DIALLING]
  if (server === 'file') return [...Object.values(COMMON), WRITING]
  if (server !== 'egress-proxy') return Object.values(COMMON)
  const common = Object.entries(COMMON).filter(([name]) => !NOT_FOR_PROXY.includes(name))
  return [...common.map(([, family]) => family), DIALLING, RESOLVING]
}

function socketsOf(server: ServerProfile): readonly Rule[] {
  const streams = [AF_UNIX, AF_INET, AF_INET6].map((family) =>
    allow('socket', eq(0, family), masked(1, TYPE, SOCK_STREAM)),
  )
  if (server !== 'egress-proxy') return streams
  return [
    ...streams,
    ...[AF_INET, AF_INET6].map((family) => allow('socket', eq(0, family), masked(1, TYPE, SOCK_DGRAM))), // DNS
    // The address guard refuses the machine's own addresses, and learns them from getifaddrs(3): NETLINK_ROUTE alone.
    allow('socket', eq(0, AF_NETLINK), masked(1, TYPE, SOCK_RAW), eq(2, 0)),
  ]
}

/** Distinct names that are allowed, with or without a condition. */
export const allowedNames = ({ syscalls }: Profile): ReadonlySet<string> =>
  new Set(syscalls.filter(({ action }) => action === 'SCMP_ACT_ALLOW').flatMap(({ names }) => names))
