// Question: as whom, behind what and with how much may a service run?
// Threat:   a manifest that was copied and eased: root, a capability, the host's kernel or namespaces, no limit.
// Rule:     one line for each setting; each has one value or range that holds, and whatever is not that value is named.
// Limits:   what is configured; the control groups, the firewall and the inside are looked at by themselves.
// Proof:    compose-weakened.test.ts
import type { Service } from './deployment.ts'
import { EVERYONE, type Fault, type Rule, serviceRule, SERVERS, WALLED } from './rule.ts'

const MAX_PIDS = 1_024 // a server needs about 60, and gVisor counts its own threads
const MAX_FILES = 65_536
const MIN_GRACE_SECONDS = 11 // calls in flight are answered within 10

const unless = (holds: boolean, fault: Fault): Fault | undefined => (holds ? undefined : fault)
// Docker's own word for "of its own" is empty or `private`, by version and setting.
const OWN: ReadonlySet<string> = new Set(['', 'private', 'own', 'none'])

export const processRules: readonly Rule[] = [
  serviceRule({
    id: 'own_kernel',
    checked: 'servers and proxy run under runsc',
    mend: 'runtime: runsc. Under any other runtime the kernel of the host is shared',
    of: WALLED,
    look: ({ runtime }) => unless(/^runsc(?:-[a-z0-9-]+)?$/.test(runtime), `runtime is ${runtime || 'the default'}`),
  }),
  serviceRule({
    id: 'user',
    checked: 'every service has a user and a group of its own, not root',
    mend: 'user: "65532:65532"',
    of: EVERYONE,
    look: ({ user }) =>
      unless(/^[1-9]\d*:[1-9]\d*$/.test(user), `user is ${user || "the image's"}, not UID:GID above 0`),
  }),
  serviceRule({
    id: 'privileged',
    checked: 'nothing is privileged',
    mend: 'Take privileged: true away: it is root on the host',
    of: EVERYONE,
    look: ({ privileged }) => unless(!privileged, 'privileged'),
  }),
  serviceRule({
    id: 'capabilities',
    checked: 'all capabilities are dropped, none is added',
    mend: 'cap_drop: [ALL], and no cap_add: every port is above 1024',
    of: EVERYONE,
    look: ({ capDrop, capAdd }) =>
      unless(
        capDrop.some((name) => /^(?:CAP_)?ALL$/i.test(name)),
        'cap_drop is not ALL',
      ) ?? unless(capAdd.length === 0, `cap_add ${capAdd.join(', ')}`),
  }),
  serviceRule({
    id: 'no_new_privileges',
    checked: 'setuid programs gain nothing',
    mend: 'security_opt: [no-new-privileges:true]',
    of: EVERYONE,
    look: ({ noNewPrivileges }) => unless(noNewPrivileges, 'no-new-privileges is not set'),
  }),
  serviceRule({
    id: 'call_filter',
    checked: "each server has its own shipped seccomp profile, the gateway at least Docker's",
    mend: "security_opt: [seccomp=…/seccomp/SERVER.json], the server's own, unchanged; seccomp/README.md says how to make another",
    of: EVERYONE,
    look: callFilter,
  }),
  serviceRule({
    id: 'security_options',
    checked: 'no other security option is set',
    mend: 'Leave AppArmor, SELinux and the masked paths of /proc as Docker has them',
    of: EVERYONE,
    look: ({ otherOptions }) => unless(otherOptions.length === 0, otherOptions.join(', ')),
  }),
  serviceRule({
    id: 'namespaces',
    checked: "every namespace is the service's own",
    mend: 'Take pid, ipc, uts, userns_mode, cgroup and network_mode of another container or of the host away',
    of: EVERYONE,
    look({ namespaces }) {
      const shared = Object.entries(namespaces).filter(([kind, value]) => kind !== 'network' && !OWN.has(value))
      const network =
        namespaces.network === 'host' ||
        namespaces.network.startsWith('container:') ||
        namespaces.network.startsWith('service:')
      return unless(
        shared.length === 0 && !network,
        [...shared, ...(network ? [['network', namespaces.network]] : [])].map((pair) => pair.join(': ')).join(', '),
      )
    },
  }),
  serviceRule({
    id: 'no_shared_memory',
    checked: 'servers and proxy have no /dev/shm',
    mend: 'ipc: none',
    of: WALLED,
    look: ({ namespaces }) =>
      unless(namespaces.ipc === 'none', `ipc is ${namespaces.ipc}: a writable /dev/shm is there`),
  }),
  serviceRule({
    id: 'kernel_settings',
    checked: 'no sysctl, no group, no device is added',
    mend: 'Take sysctls, group_add, devices, gpus and device_cgroup_rules away',
    of: EVERYONE,
    look: ({ sysctls, groups, devices }) =>
      unless(sysctls.length + groups.length + devices.length === 0, [...sysctls, ...groups, ...devices].join(', ')),
  }),
  limitRule(
    'limit_memory',
    'memory',
    'mem_limit',
    ({ memory }) => memory > 0,
    ({ memory }) => `memory limit ${memory}`,
  ),
  limitRule(
    'limit_swap',
    'swap',
    'memswap_limit equal to mem_limit',
    ({ memory, memoryAndSwap }) => memory > 0 && memoryAndSwap === memory,
    ({ memory, memoryAndSwap }) => `memory ${memory}, memory and swap ${memoryAndSwap}`,
  ),
  limitRule(
    'limit_pids',
    'processes',
    `pids_limit, at most ${MAX_PIDS}`,
    ({ pids }) => pids > 0 && pids <= MAX_PIDS,
    ({ pids }) => `pids_limit ${pids}`,
  ),
  limitRule(
    'limit_cpu',
    'processor time',
    'cpus',
    ({ cpus }) => cpus > 0,
    ({ cpus }) => `cpus ${cpus}`,
  ),
  limitRule(
    'no_core_dumps',
    'core dumps',
    'ulimits: { core: 0 }',
    ({ core }) => core === 0,
    ({ core }) => `core ${core ?? 'not set'}`,
  ),
  limitRule(
    'limit_files',
    'open files',
    `ulimits: { nofile: … }, at most ${MAX_FILES}`,
    ({ files }) => files !== undefined && files > 0 && files <= MAX_FILES,
    ({ files }) => `nofile ${files ?? 'not set'}`,
  ),
  serviceRule({
    id: 'restart',
    checked: 'nothing starts before the firewall is back after a reboot',
    mend: 'restart: on-failure, not always: deploy/up puts the firewall back first',
    of: EVERYONE,
    look: ({ restart }) => unless(/^(?:no|on-failure(?::\d+)?)$/.test(restart), `restart is ${restart}`),
  }),
  serviceRule({
    id: 'drain',
    checked: 'a stop leaves time for calls in flight',
    mend: `stop_grace_period of ${MIN_GRACE_SECONDS}s or more`,
    of: SERVERS,
    look: ({ graceSeconds }) => unless(graceSeconds >= MIN_GRACE_SECONDS, `${graceSeconds} seconds`),
  }),
  serviceRule({
    id: 'log_rotation',
    checked: 'logs cannot fill the disk of the host',
    mend: 'logging: { driver: json-file, options: { max-size: "10m", max-file: "3" } }',
    of: EVERYONE,
    look: ({ logging: { driver, bounded } }) =>
      unless(driver !== 'none', 'what a server says is thrown away') ??
      unless(driver !== 'json-file' || bounded, 'json-file without max-size'),
  }),
]

function limitRule(
  id: string,
  what: string,
  mend: string,
  holds: (service: Service) => boolean,
  says: (service: Service) => string,
): Rule {
  return serviceRule({
    id,
    checked: `${what}: limited everywhere`,
    mend,
    of: EVERYONE,
    look: (one) => unless(holds(one), says(one)),
  })
}

function callFilter({ role, seccomp }: Service): Fault | undefined {
  if (seccomp === 'unreadable') return { unseen: 'the profile could not be read' }
  if (seccomp === 'unconfined') return 'seccomp is unconfined'
  if (role === 'gateway' || role === 'other') return undefined
  return unless(
    seccomp === 'own' || seccomp === 'gvisor',
    seccomp === 'default'
      ? "Docker's default profile, not the server's own"
      : 'the profile is not the one that is shipped',
  )
}
