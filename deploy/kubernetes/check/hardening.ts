// Our own rules for pods, beyond "restricted": the sandbox, what may be written, what may be spent, and how health is asked.
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import {
  type Container,
  containerRule,
  containersOf,
  ofKind,
  type Probe,
  podRule,
  type Rule,
  whereOf,
} from './documents.ts'

const PROFILES = join(import.meta.dirname, '../../../seccomp')
const RESOURCES = ['cpu', 'memory', 'ephemeral-storage']
const OWN_PROFILE: ReadonlySet<string> = new Set(['db-query', 'file', 'fetch', 'egress-proxy'])
const KINDS: ReadonlySet<string> = new Set([
  ...['Namespace', 'RuntimeClass', 'ServiceAccount', 'Service', 'StatefulSet', 'Deployment', 'ConfigMap'],
  ...['NetworkPolicy', 'PodDisruptionBudget', 'HorizontalPodAutoscaler', 'PersistentVolumeClaim'],
])
const DIGEST = /^[^@\s]+@sha256:[0-9a-f]{64}$/
const MIN_GRACE_SECONDS = 15 // 5 until no new request comes, 10 to drain

const probesOf = ({ readinessProbe, livenessProbe, startupProbe }: Container) =>
  [readinessProbe, livenessProbe, startupProbe].filter((probe): probe is Probe => probe !== undefined)
const flag = ({ args = [] }: Container, name: string) =>
  args.filter((arg) => arg.startsWith(`--${name}=`)).map((arg) => arg.slice(name.length + 3))

export const hardening: readonly Rule[] = [
  {
    name: 'known-kinds',
    because:
      'what is not on the list (roles, webhooks, daemon sets, plain pods) was never judged; secrets are not in a manifest',
    broken: (set) => set.filter(({ kind }) => !KINDS.has(kind)).map(whereOf),
  },
  podRule(
    'runtime-class',
    'gVisor stands between the servers and the kernel',
    (pod) => pod.runtimeClassName !== 'gvisor',
  ),
  {
    name: 'runtime-handler',
    because: 'a class named gvisor that runs runc is worse than none',
    broken: (set) =>
      ofKind(set, 'RuntimeClass')
        .filter(({ handler }) => handler !== 'runsc')
        .map(whereOf),
  },
  containerRule(
    'read-only-root',
    'nothing in the image can be replaced',
    ({ securityContext }) => securityContext?.readOnlyRootFilesystem !== true,
  ),
  containerRule('writable-mounts', 'the audit volume is the one place to write', ({ volumeMounts = [] }) =>
    volumeMounts.some(({ mountPath, readOnly }) => readOnly !== true && mountPath !== '/audit'),
  ),
  containerRule('tmp-covered', 'gVisor puts a writable /tmp where nothing is mounted', ({ volumeMounts = [] }) =>
    volumeMounts.every(({ mountPath }) => mountPath !== '/tmp'),
  ),
  containerRule('shm-covered', 'a pod gets a writable /dev/shm where nothing is mounted', ({ volumeMounts = [] }) =>
    volumeMounts.every(({ mountPath }) => mountPath !== '/dev/shm'),
  ),
  podRule('memory-bounded', 'an emptyDir without a size is a disk to fill', ({ volumes = [] }) =>
    volumes.some(
      ({ emptyDir }) => emptyDir !== undefined && (emptyDir.medium !== 'Memory' || emptyDir.sizeLimit === undefined),
    ),
  ),
  podRule('seccomp-file', 'a server runs under its own profile, and the profile is in seccomp/', (pod, { labels }) =>
    [pod.securityContext?.seccompProfile, ...containersOf(pod).map((one) => one.securityContext?.seccompProfile)].some(
      (profile, index) => {
        if (profile === undefined) return false
        if (profile.type !== 'Localhost') return OWN_PROFILE.has(labels['app'] ?? '')
        const expected = `hardened-mcp/${labels['app']}.json`
        return profile.localhostProfile !== expected || !existsSync(join(PROFILES, basename(expected))) || index > 0
      },
    ),
  ),
  podRule('token', 'no server talks to the API server', (pod) => pod.automountServiceAccountToken !== false),
  {
    name: 'account-token',
    because: 'a pod that forgets to say no gets none either',
    broken: (set) =>
      ofKind(set, 'ServiceAccount')
        .filter((account) => account.automountServiceAccountToken !== false)
        .map(whereOf),
  },
  podRule(
    'service-links',
    'the addresses of others are not in the environment',
    (pod) => pod.enableServiceLinks !== false,
  ),
  podRule(
    'resolver',
    'DNS is a way out: only the egress proxy has it',
    (pod, { labels }) => labels['app'] !== 'egress-proxy' && pod.dnsPolicy !== 'None',
  ),
  containerRule('limits', 'requests = limits for every resource: a bomb ends in its own pod', ({ resources }) =>
    RESOURCES.some(
      (name) => resources?.limits?.[name] === undefined || resources.requests?.[name] !== resources.limits[name],
    ),
  ),
  containerRule(
    'probes',
    'a dead server is noticed',
    (one) => one.readinessProbe === undefined || one.livenessProbe === undefined,
  ),
  containerRule(
    'probe-kind',
    'there is no shell to run, and a probe elsewhere says nothing',
    (one) =>
      probesOf(one).some(({ exec, grpc, httpGet, tcpSocket }) => {
        const port = httpGet?.port ?? tcpSocket?.port
        const known = (one.ports ?? []).some(({ name, containerPort }) => port === name || port === containerPort)
        return exec !== undefined || grpc !== undefined || !known || tcpSocket?.host !== undefined
      }) ||
      Object.values(one.lifecycle ?? {}).some((step) => 'exec' in step || 'httpGet' in step || 'tcpSocket' in step),
  ),
  containerRule('probe-host', 'the server answers probes only for a host it was told of', (one) => {
    const hosts = flag(one, 'allowed-host')
    return probesOf(one).some(({ httpGet }) => {
      if (httpGet === undefined) return hosts.length > 0
      const host = httpGet.httpHeaders?.find(({ name }) => name === 'Host')?.value
      const known = httpGet.path === '/healthz' || httpGet.path === '/readyz'
      return !known || host === undefined || !hosts.includes(host)
    })
  }),
  containerRule(
    'probe-path',
    'what a restart does not mend is no reason for one, and calls go where they can be answered',
    ({ livenessProbe: live, readinessProbe: ready }) =>
      live?.httpGet?.path === '/readyz' || ready?.httpGet?.path === '/healthz',
  ),
  podRule(
    'grace',
    'calls in flight are answered',
    (pod) => (pod.terminationGracePeriodSeconds ?? 0) < MIN_GRACE_SECONDS,
  ),
  podRule(
    'spread',
    'one node or zone is not all replicas',
    (pod) => (pod.topologySpreadConstraints ?? []).length === 0,
  ),
  containerRule(
    'secret-files',
    'an environment is inherited, dumped and logged; a secret is a file',
    ({ env = [], envFrom = [] }) => env.length + envFrom.length > 0,
  ),
  containerRule('secret-renewal', 'kubelet never renews a subPath: a revoked key would stay', ({ volumeMounts = [] }) =>
    volumeMounts.some(({ subPath }) => subPath !== undefined),
  ),
  containerRule(
    'encrypted',
    'keys do not cross the network in clear',
    (one) =>
      flag(one, 'http').length > 0 && (flag(one, 'tls-cert').length !== 1 || flag(one, 'trusted-proxy').length > 0),
  ),
  containerRule('image-digest', 'a tag can be moved', ({ image }) => !DIGEST.test(image ?? '')),
  podRule(
    'group-change',
    'Always opens the 0600 files of the trail to the group at each mount',
    (pod) => pod.securityContext?.fsGroup === undefined || pod.securityContext.fsGroupChangePolicy !== 'OnRootMismatch',
  ),
]

/** Judged last, by who applies: the shipped overlay cannot know the digests of somebody's registry. */
export const digestIsSet: Rule = containerRule('digest-set', 'the placeholder has to be replaced', ({ image }) =>
  (image ?? '').endsWith(`@sha256:${'0'.repeat(64)}`),
)
