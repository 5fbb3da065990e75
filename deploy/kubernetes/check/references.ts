// Do the documents mean each other? A selector or a name with a typing error is a budget, a policy or a volume that is not there.
import { type Document, ofKind, podRule, type Rule, selects, whereOf, workloads } from './documents.ts'

const named = (set: readonly Document[], kind: string, name: string | undefined) =>
  ofKind(set, kind).some(({ metadata }) => metadata.name === name)
const matchesOne = (set: readonly Document[], { spec }: Document) =>
  workloads(set).filter(({ labels }) => selects(spec?.selector, labels)).length === 1
const serviceFinds = (set: readonly Document[], { spec }: Document) => {
  const found = workloads(set).filter(({ labels }) => selects({ matchLabels: spec?.selector as never }, labels))
  const ports = found.flatMap(({ pod }) => pod.containers).flatMap(({ ports: own = [] }) => own)
  return (
    found.length === 1 &&
    (spec?.ports ?? []).every(({ targetPort }) =>
      ports.some(({ name, containerPort }) => targetPort === name || targetPort === containerPort),
    )
  )
}

export const references: readonly Rule[] = [
  podRule(
    'own-selector',
    'a controller that does not select its pods is refused',
    (_, { document, labels }) => !selects(document.spec?.selector, labels),
  ),
  {
    name: 'one-namespace',
    because: 'an object in another namespace is under other rules',
    broken: (set) => {
      const [space] = ofKind(set, 'Namespace')
      return set
        .filter(
          ({ kind, metadata }) =>
            !['Namespace', 'RuntimeClass'].includes(kind) && metadata.namespace !== space?.metadata.name,
        )
        .map(whereOf)
    },
  },
  {
    name: 'service-finds',
    because: 'a Service of nobody, or of two',
    broken: (set) =>
      ofKind(set, 'Service')
        .filter((one) => !serviceFinds(set, one))
        .map(whereOf),
  },
  {
    name: 'budget',
    because: 'a drained node takes one replica at a time, and can be drained at all',
    broken: (set) => [
      ...ofKind(set, 'PodDisruptionBudget')
        .filter((one) => !matchesOne(set, one) || one.spec?.maxUnavailable !== 1)
        .map(whereOf),
      ...workloads(set)
        .filter(
          ({ document, labels }) =>
            document.spec?.replicas !== 1 &&
            !ofKind(set, 'PodDisruptionBudget').some(({ spec }) => selects(spec?.selector, labels)),
        )
        .map(({ where }) => where),
    ],
  },
  {
    name: 'autoscaler',
    because: 'it scales what exists, from two on, and nobody else sets the number',
    broken: (set) =>
      ofKind(set, 'HorizontalPodAutoscaler')
        .filter(({ spec }) => {
          const target = ofKind(set, spec?.scaleTargetRef?.kind ?? '').find(
            ({ metadata }) => metadata.name === spec?.scaleTargetRef?.name,
          )
          return target === undefined || target.spec?.replicas !== undefined || (spec?.minReplicas ?? 1) < 2
        })
        .map(whereOf),
  },
  {
    name: 'account',
    because: 'each pod is somebody of its own, never "default"',
    broken: (set) => {
      const accounts = workloads(set).map(({ pod }) => pod.serviceAccountName)
      return workloads(set)
        .filter(
          ({ pod: { serviceAccountName: name } }) =>
            !named(set, 'ServiceAccount', name) || accounts.filter((other) => other === name).length > 1,
        )
        .map(({ where }) => where)
    },
  },
  {
    name: 'runtime-class-there',
    because: 'without the class no pod starts',
    broken: (set) =>
      workloads(set)
        .filter(({ pod }) => !named(set, 'RuntimeClass', pod.runtimeClassName))
        .map(({ where }) => where),
  },
  {
    name: 'volumes',
    because:
      'each mount has its volume, each volume its claim or its map; claims for data are mounted read-only; secrets are of this app alone',
    broken: (set) =>
      workloads(set)
        .filter(({ document, labels, pod: { containers, volumes = [] } }) => {
          const claims = (document.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name)
          const names = [...volumes.map(({ name }) => name), ...claims]
          return (
            containers.some(({ volumeMounts = [] }) => volumeMounts.some(({ name }) => !names.includes(name))) ||
            volumes.some(
              ({ secret, configMap, persistentVolumeClaim: claim }) =>
                (configMap !== undefined && !named(set, 'ConfigMap', configMap.name)) ||
                (claim !== undefined &&
                  (!named(set, 'PersistentVolumeClaim', claim.claimName) || claim.readOnly !== true)) ||
                (secret !== undefined && !secret.secretName.startsWith(`${labels['app']}-`)),
            )
          )
        })
        .map(({ where }) => where),
  },
  {
    name: 'one-writer',
    because: 'two writers on one trail break its chain, and containers do not see each other’s lock',
    broken: (set) =>
      workloads(set)
        .filter(({ document, pod }) => {
          const mounted = pod.containers
            .flatMap(({ volumeMounts = [] }) => volumeMounts)
            .filter(({ mountPath }) => mountPath === '/audit')
          return mounted.some(({ name }) => {
            const claim = document.spec?.volumeClaimTemplates?.find(({ metadata }) => metadata.name === name)
            return claim?.spec.accessModes.join() !== 'ReadWriteOncePod'
          })
        })
        .map(({ where }) => where),
  },
]
