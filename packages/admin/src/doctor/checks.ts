// Question: which layers hold around this process, right now?
// Threat:   a manifest that was weakened, copied in part, or that the runtime did not honour, behind a deployment everybody believes in.
// Rule:     one line for each layer, judged on what was seen; what could not be seen is `unknown`, and never counts as held.
// Limits:   looks from inside: the host's firewall, other containers and the gateway are not visible here. Proves nothing about tomorrow.
// Proof:    checks.test.ts
import type { Facts } from './facts.ts'
import { openHoles } from './known-holes.ts'
import { OWN_FILES } from './own-files.ts'

/** `checked` says what was seen; `mend` what the operator can do. */
export type Finding = Readonly<{ id: string; verdict: 'ok' | 'bad' | 'unknown'; checked: string; mend: string }>
/** Whether it holds (`undefined`: not seen), and what was seen. */
export type Seen = readonly [held: boolean | undefined, checked: string]
/** `of`: the flag without which there is no line. */
export type Check = Readonly<{
  id: string
  of?: 'audit' | 'keys' | 'taint' | 'approvals'
  mend: string
  look(facts: Facts): Seen | undefined
}>

const GVISOR_BUILD = '#1 SMP Sun Jan 10 15:06:54 PST 2016' // the constant that gVisor's kernel says of itself
const UNLIMITED = 2 ** 53 // version 1 of control groups says "no limit" with a number near 2^63
// The ambient set lies within CapPrm and CapInh by rule (capabilities(7)), and gVisor does not show it.
const SETS = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd'] as const

const OWN_GROUPS: Seen = [undefined, "gVisor shows groups of its own, not the container's; docker inspect does"]

const isGvisor = ({ kernelBuild }: Facts) => kernelBuild === GVISOR_BUILD
const said = (facts: Facts, key: string) => facts.status?.get(key)

const CHECKS: readonly Check[] = [
  {
    id: 'user',
    mend: 'Run as a user other than root: user: "65532:65532"',
    look: ({ uid }) => [uid === undefined ? undefined : uid !== 0, `effective uid ${uid ?? 'not known'}`],
  },
  {
    id: 'capabilities',
    mend: 'cap_drop: [ALL], and add none back',
    look(facts) {
      const held = SETS.filter((set) => said(facts, set) !== undefined && !/^0+$/.test(said(facts, set) ?? ''))
      const seen = SETS.every((set) => said(facts, set) !== undefined)
      return [
        held.length > 0 ? false : seen ? true : undefined,
        held.length > 0 ? `held in ${held.join(', ')}` : 'none held',
      ]
    },
  },
  {
    id: 'no_new_privileges',
    mend: 'security_opt: [no-new-privileges:true]',
    look: (facts) => flag(said(facts, 'NoNewPrivs'), '1', 'NoNewPrivs'),
  },
  {
    id: 'own_kernel',
    mend: 'runtime: runsc. Under any other runtime the host kernel is shared',
    look: (facts) => [isGvisor(facts), isGvisor(facts) ? 'the kernel is gVisor' : `the kernel is ${facts.kernelBuild}`],
  },
  {
    id: 'call_filter',
    mend: "security_opt: [seccomp=FILE] with the server's profile of seccomp/",
    // gVisor answers the calls itself, and shows no filter that runsc put around it.
    look: (facts) =>
      isGvisor(facts) ? [true, 'gVisor answers every call itself'] : flag(said(facts, 'Seccomp'), '2', 'Seccomp'),
  },
  {
    id: 'root_read_only',
    mend: 'read_only: true',
    look({ mounts, writable }) {
      const root = mounts?.find(({ at }) => at === '/')
      if (writable.includes('/')) return [false, 'a file could be made in /']
      return [root === undefined ? undefined : root.options.includes('ro'), `/ is mounted ${root?.options.join(',')}`]
    },
  },
  {
    id: 'nothing_writable',
    mend: 'Mount an empty read-only tmpfs on /tmp, data read-only, and nothing writable but the directories of audit, labels and requests',
    look: ({ writable }) => [
      writable.length === 0,
      writable.length === 0 ? 'no file could be made anywhere' : `a file could be made in ${writable.join(', ')}`,
    ],
  },
  ...(['memory', 'pids', 'cpu'] as const).map(
    (what): Check => ({
      id: `limit_${what}`,
      mend: { memory: 'mem_limit', pids: 'pids_limit', cpu: 'cpus' }[what],
      look: (facts) => (isGvisor(facts) ? OWN_GROUPS : limited(facts.cgroup[what])),
    }),
  ),
  {
    id: 'limit_swap',
    mend: 'memswap_limit equal to mem_limit',
    // Version 2 counts swap by itself, version 1 together with memory.
    look(facts) {
      if (isGvisor(facts)) return OWN_GROUPS
      const { swap, memory } = facts.cgroup
      const none = swap === '0' || (swap === memory && limited(swap)[0] === true)
      return [swap === undefined ? undefined : none, `swap limit ${swap ?? 'not to be seen'}`]
    },
  },
  {
    id: 'no_core_dumps',
    mend: 'ulimits: { core: 0 }',
    look: ({ limits }) => flag(/^Max core file size +(\S+)/m.exec(limits ?? '')?.[1], '0', 'core file size'),
  },
  {
    id: 'metadata_closed',
    mend: 'An internal network for each server; deploy/firewall',
    look: ({ metadata }) => [metadata === 'closed', `169.254.169.254:80 ${metadata}`],
  },
  {
    id: 'internet_closed',
    mend: 'internal: true; fetch goes out through the egress proxy alone',
    look: ({ internet }) => [internet === 'closed', `1.1.1.1:443 ${internet}`],
  },
  ...OWN_FILES,
  {
    id: 'runtime_version',
    mend: 'Node 24.17 or later',
    look({ node }) {
      const holes = openHoles('node', node, new Set())?.map(({ cves }) => ` ${cves.join(', ')}`)
      return [holes === undefined ? undefined : holes.length === 0, `Node ${node}${holes?.join(',') ?? ''}`]
    },
  },
]

/** The lines that a whole answer has, by the flags that were given. */
export const linesOf = (flags: readonly string[]): readonly string[] =>
  CHECKS.filter(({ of }) => of === undefined || flags.includes(`--${of}`)).map(({ id }) => id)

/** One finding for each layer that was asked about, in a fixed order. */
export const judge = (facts: Facts): readonly Finding[] =>
  CHECKS.flatMap(({ id, mend, look }) => {
    const seen = look(facts)
    if (seen === undefined) return []
    const [held, checked] = seen
    return [{ id, verdict: held === undefined ? 'unknown' : held ? 'ok' : 'bad', checked, mend } as const]
  })

const flag = (value: string | undefined, wanted: string, what: string): Seen => [
  value === undefined ? undefined : value === wanted,
  `${what} is ${value ?? 'not to be seen'}`,
]

function limited(text: string | undefined): Seen {
  if (text === undefined) return [undefined, 'no control group to be seen']
  const [first = ''] = text.split(' ')
  return [/^\d+$/.test(first) && Number(first) < UNLIMITED, `limit ${text}`]
}
