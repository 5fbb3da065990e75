// Question: which system calls can a process make that bubblewrap starts?
// Threat:   code that took a worker over and reaches for the kernel: tracing, namespaces, io_uring, another process, a socket.
// Rule:     the server's profile in seccomp/, less what the role does without, as classic BPF; everything else is EPERM.
// Limits:   execve stays, because bubblewrap makes one after it has loaded the filter; the mounts leave it Node alone to run.
// Proof:    test/e2e/sandbox-filter.test.ts
import { callNumber, type Machine } from './system-calls.ts'

type Arg = Readonly<{ index: number; value: number; valueTwo?: number; op: string }>
type Rule = Readonly<{ names: readonly string[]; action: string; args?: readonly Arg[]; errnoRet?: number }>
export type Profile = Readonly<{ syscalls: readonly Rule[] }>

/** `worker`: no process, no listening; `writer`: a worker that may also rename and remove. `front`: no process. `local`: no internet. */
export type Role = Readonly<{ kind: 'worker' | 'writer' | 'front'; local: boolean }>

const [LD, AND, JEQ, JGE, RET] = [0x20, 0x54, 0x15, 0x35, 0x06] // BPF_LD|W|ABS, BPF_ALU|AND|K, BPF_JMP|JEQ|K, BPF_JMP|JGE|K, BPF_RET|K
const ALLOW = 0x7fff0000
const ERRNO = 0x00050000
const KILL_PROCESS = 0x80000000
const EPERM = 1
const NR = 0 // offsets in struct seccomp_data, all little-endian
const ARCH = 4
const ARGS = 16
const AUDIT_ARCH: Readonly<Record<Machine, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 }
const X32_BIT = 0x40000000 // the second table of x86-64, which no rule here speaks of

const CLONE_THREAD = 0x00010000
const AF_UNIX = 1
const LISTENING = ['bind', 'listen', 'accept4']
const CHANGING = [
  'chmod',
  'fchmodat',
  'lstat',
  'rmdir',
  'stat',
  'fsync',
  'fdatasync',
  'ftruncate',
  'rename',
  'renameat',
  'unlink',
  'unlinkat',
  'mkdir',
  'mkdirat',
  'link',
  'linkat',
  'pwrite64',
]

type Step = readonly [code: number, yes: number, no: number, value: number]

/** The program in the form that `bwrap --seccomp` reads: eight bytes for each instruction. */
export function seccompFilter(profile: Profile, role: Role, machine: Machine): Buffer {
  const steps: Step[] = [
    [LD, 0, 0, ARCH],
    [JEQ, 1, 0, AUDIT_ARCH[machine]],
    [RET, 0, 0, KILL_PROCESS],
    [LD, 0, 0, NR],
    ...(machine === 'x64'
      ? ([
          [JGE, 0, 1, X32_BIT],
          [RET, 0, 0, ERRNO | EPERM],
        ] as const)
      : []),
    ...rulesOf(profile, role).flatMap((rule) => rule.names.flatMap((name) => stepsOf(name, rule, machine))),
    [RET, 0, 0, ERRNO | EPERM],
  ]
  const bytes = Buffer.alloc(steps.length * 8)
  for (const [at, [code, yes, no, value]] of steps.entries()) {
    bytes.writeUInt16LE(code, at * 8)
    bytes.writeUInt8(yes, at * 8 + 2)
    bytes.writeUInt8(no, at * 8 + 3)
    bytes.writeUInt32LE(value >>> 0, at * 8 + 4)
  }
  return bytes
}

function rulesOf({ syscalls }: Profile, { kind, local }: Role): readonly Rule[] {
  const without = new Set([...(kind === 'front' ? [] : LISTENING), ...(kind === 'worker' ? CHANGING : [])])
  return syscalls
    .map((rule) => ({ ...rule, names: rule.names.filter((name) => !without.has(name)) }))
    .map((rule) => (rule.names.includes('clone') ? { ...rule, args: [THREADS_ONLY] } : rule))
    .filter((rule) => !(local && isInternetSocket(rule)))
}

// A thread is what Node needs; fork and posix_spawn never set the flag.
const THREADS_ONLY: Arg = { index: 0, value: CLONE_THREAD, valueTwo: CLONE_THREAD, op: 'SCMP_CMP_MASKED_EQ' }

const isInternetSocket = ({ names, args }: Rule) =>
  names.includes('socket') && args?.some(({ index, value }) => index === 0 && value !== AF_UNIX) === true

// Each block loads the number anew, because the comparisons of the one before may have replaced it; a block that does not fit falls through.
function stepsOf(name: string, { args = [], action, errnoRet = EPERM }: Rule, machine: Machine): readonly Step[] {
  const number = callNumber(name, machine)
  if (number === undefined) return []
  const verdict: Step = [RET, 0, 0, action === 'SCMP_ACT_ALLOW' ? ALLOW : ERRNO | errnoRet]
  const checks = args.flatMap(checksOf)
  const skip = (from: number) => checks.length - from // over the rest and the verdict
  const tests = checks.map((step, at): Step => (step[0] === JEQ ? [JEQ, 0, skip(at), step[3]] : step))
  return [[LD, 0, 0, NR], [JEQ, 0, checks.length + 1, number], ...tests, verdict] // biome-ignore format: one block
}

function checksOf({ index, value, valueTwo, op }: Arg): readonly Step[] {
  const low = ARGS + index * 8
  if (op === 'SCMP_CMP_EQ')
    return [
      [LD, 0, 0, low + 4],
      [JEQ, 0, 0, 0], // values are below 2^32
      [LD, 0, 0, low],
      [JEQ, 0, 0, value],
    ]
  if (op !== 'SCMP_CMP_MASKED_EQ' || valueTwo === undefined) throw new RangeError(`No translation for ${op}`)
  return [
    [LD, 0, 0, low],
    [AND, 0, 0, value],
    [JEQ, 0, 0, valueTwo],
  ]
}
