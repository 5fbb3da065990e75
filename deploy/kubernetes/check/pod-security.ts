// The controls of the Pod Security Standard "restricted", written out, so that they are judged before a cluster is there to refuse.
import { containerRule, type Document, ofKind, podRule, type Rule } from './documents.ts'

const VOLUMES: ReadonlySet<string> = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
])
const SYSCTLS: ReadonlySet<string> = new Set(['kernel.shm_rmid_forced', 'net.ipv4.ip_unprivileged_port_start'])
const PROFILES: ReadonlySet<string | undefined> = new Set(['RuntimeDefault', 'Localhost'])
const SELINUX: ReadonlySet<string> = new Set([
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
])

export const podSecurity: readonly Rule[] = [
  {
    name: 'namespace-enforces',
    because: 'the cluster itself refuses, whoever applies what',
    broken: (set: readonly Document[]) =>
      ofKind(set, 'Namespace').length === 1
        ? ofKind(set, 'Namespace').flatMap(({ metadata: { name, labels } }) =>
            labels?.['pod-security.kubernetes.io/enforce'] === 'restricted' ? [] : [name],
          )
        : ['no Namespace, or several'],
  },
  podRule('host-namespaces', 'the host is out of sight', (pod) =>
    [pod.hostNetwork, pod.hostPID, pod.hostIPC].includes(true),
  ),
  podRule('volume-types', 'hostPath is the host', (pod) =>
    (pod.volumes ?? []).some((volume) => Object.keys(volume).some((key) => key !== 'name' && !VOLUMES.has(key))),
  ),
  podRule('sysctls', 'kernel settings are shared', (pod) =>
    (pod.securityContext?.sysctls ?? []).some(({ name }) => !SYSCTLS.has(name)),
  ),
  containerRule(
    'privileged',
    'privileged is root on the host',
    ({ securityContext }) => securityContext?.privileged === true,
  ),
  containerRule(
    'privilege-escalation',
    'no_new_privs: a setuid program stays powerless',
    ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false,
  ),
  containerRule(
    'capabilities',
    'every port is above 1024: nothing is needed',
    ({ securityContext }) =>
      securityContext?.capabilities?.drop?.includes('ALL') !== true ||
      (securityContext.capabilities.add ?? []).length > 0,
  ),
  containerRule('run-as-non-root', 'kubelet refuses an image that starts as root', ({ securityContext }, pod) =>
    [securityContext?.runAsNonRoot ?? pod.securityContext?.runAsNonRoot].some((value) => value !== true),
  ),
  containerRule('run-as-user', 'root inside is one bug from root outside', ({ securityContext }, pod) =>
    [
      securityContext?.runAsUser ?? pod.securityContext?.runAsUser,
      securityContext?.runAsGroup ?? pod.securityContext?.runAsGroup,
    ].some((id) => id === undefined || id === 0),
  ),
  containerRule(
    'seccomp',
    'Unconfined is four hundred system calls',
    ({ securityContext }, pod) =>
      !PROFILES.has((securityContext?.seccompProfile ?? pod.securityContext?.seccompProfile)?.type),
  ),
  containerRule('host-ports', 'a host port goes around Services and their policies', ({ ports = [] }) =>
    ports.some(({ hostPort }) => (hostPort ?? 0) !== 0),
  ),
  containerRule(
    'proc-mount',
    'an unmasked /proc shows the kernel',
    ({ securityContext }) => ![undefined, 'Default'].includes(securityContext?.procMount),
  ),
  containerRule(
    'mandatory-access',
    'AppArmor and SELinux stay as the node has them',
    ({ securityContext }, pod, { document }) =>
      [securityContext, pod.securityContext].some(
        (one) =>
          one?.appArmorProfile?.type === 'Unconfined' ||
          one?.windowsOptions?.hostProcess === true ||
          one?.seLinuxOptions?.user !== undefined ||
          one?.seLinuxOptions?.role !== undefined ||
          !SELINUX.has(one?.seLinuxOptions?.type ?? ''),
      ) ||
      Object.entries(document.spec?.template?.metadata.annotations ?? {}).some(
        ([key, value]) => key.includes('apparmor') && value === 'unconfined',
      ),
  ),
]
