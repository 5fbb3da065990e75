// What the judges look at: rendered documents, typed as far as a rule reads them, and the pods that they make.
import { parseAllDocuments } from 'yaml'

export type Labels = Readonly<Record<string, string>>
export type Selector = Readonly<{
  matchLabels?: Labels
  matchExpressions?: readonly Readonly<{ key: string; operator: string; values?: readonly string[] }>[]
}>
type Fields = Readonly<Record<string, unknown>>

export type Probe = Readonly<{
  httpGet?: { path?: string; port: string | number; httpHeaders?: readonly { name: string; value: string }[] }
  tcpSocket?: { port: string | number; host?: string }
  exec?: unknown
  grpc?: unknown
}>
export type Security = Readonly<{
  runAsNonRoot?: boolean
  runAsUser?: number
  runAsGroup?: number
  fsGroup?: number
  fsGroupChangePolicy?: string
  privileged?: boolean
  allowPrivilegeEscalation?: boolean
  readOnlyRootFilesystem?: boolean
  procMount?: string
  capabilities?: { drop?: readonly string[]; add?: readonly string[] }
  seccompProfile?: { type: string; localhostProfile?: string }
  appArmorProfile?: { type: string }
  seLinuxOptions?: { type?: string; user?: string; role?: string }
  windowsOptions?: { hostProcess?: boolean }
  sysctls?: readonly { name: string }[]
}>
export type Container = Readonly<{
  name: string
  image?: string
  args?: readonly string[]
  env?: readonly Readonly<{ name: string; value?: string; valueFrom?: Fields }>[]
  envFrom?: readonly Fields[]
  ports?: readonly { name?: string; containerPort: number; hostPort?: number }[]
  securityContext?: Security
  resources?: { requests?: Labels; limits?: Labels }
  volumeMounts?: readonly { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[]
  readinessProbe?: Probe
  livenessProbe?: Probe
  startupProbe?: Probe
  lifecycle?: Readonly<Record<string, Readonly<{ exec?: unknown; httpGet?: unknown; tcpSocket?: unknown }>>>
}>
export type Volume = Readonly<{ name: string }> &
  Readonly<{
    secret?: { secretName: string }
    configMap?: { name: string }
    persistentVolumeClaim?: { claimName: string; readOnly?: boolean }
    emptyDir?: { medium?: string; sizeLimit?: string }
  }>
export type PodSpec = Readonly<{
  containers: readonly Container[]
  initContainers?: readonly Container[]
  ephemeralContainers?: readonly Container[]
  volumes?: readonly Volume[]
  securityContext?: Security
  hostNetwork?: boolean
  hostPID?: boolean
  hostIPC?: boolean
  runtimeClassName?: string
  serviceAccountName?: string
  automountServiceAccountToken?: boolean
  enableServiceLinks?: boolean
  terminationGracePeriodSeconds?: number
  dnsPolicy?: string
  topologySpreadConstraints?: readonly { labelSelector?: Selector }[]
}>
type Peer = Readonly<{
  podSelector?: Selector
  namespaceSelector?: Selector
  ipBlock?: { cidr: string; except?: readonly string[] }
}>
type Port = Readonly<{ protocol?: string; port?: string | number; endPort?: number }>
export type Document = Readonly<{
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Labels; annotations?: Labels }
  automountServiceAccountToken?: boolean
  handler?: string
  data?: Labels
  spec?: Readonly<{
    replicas?: number
    type?: string
    clusterIP?: string
    externalIPs?: readonly string[]
    selector?: Labels & Selector
    ports?: readonly { port: number; targetPort?: string | number; nodePort?: number }[]
    template?: { metadata: { labels?: Labels; annotations?: Labels }; spec: PodSpec }
    volumeClaimTemplates?: readonly { metadata: { name: string }; spec: { accessModes: readonly string[] } }[]
    scaleTargetRef?: { kind: string; name: string }
    minAvailable?: number | string
    maxUnavailable?: number | string
    minReplicas?: number
    maxReplicas?: number
    podSelector?: Selector
    policyTypes?: readonly string[]
    egress?: readonly { to?: readonly Peer[]; ports?: readonly Port[] }[]
    ingress?: readonly { from?: readonly Peer[]; ports?: readonly Port[] }[]
  }>
}>

/** Reads the output of `kubectl kustomize`. Throws `RangeError` when it is not YAML, or a document is no object of Kubernetes. */
export function readDocuments(text: string): readonly Document[] {
  const parsed = [...parseAllDocuments(text, { uniqueKeys: true })]
  return parsed
    .map((document) => {
      if (document.errors[0] !== undefined) throw new RangeError(`Not valid YAML: ${document.errors[0].message}`)
      return document.toJS({ maxAliasCount: 100 }) as Document | null
    })
    .filter((document) => document !== null)
    .map((document) => {
      if (typeof document.kind !== 'string' || typeof document.metadata?.name !== 'string')
        throw new RangeError('A document has no kind or no name')
      return document
    })
}

export type Workload = Readonly<{ where: string; document: Document; labels: Labels; pod: PodSpec }>

export const whereOf = ({ kind, metadata }: Document) => `${kind}/${metadata.name}`

/** Every document that makes pods, with the pods it makes. */
export const workloads = (set: readonly Document[]): readonly Workload[] =>
  set.flatMap((document) => {
    const template = document.spec?.template
    return template === undefined
      ? []
      : [{ where: whereOf(document), document, labels: template.metadata.labels ?? {}, pod: template.spec }]
  })

export const containersOf = (pod: PodSpec): readonly Container[] => [
  ...(pod.initContainers ?? []),
  ...pod.containers,
  ...(pod.ephemeralContainers ?? []),
]

export function selects(selector: Selector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false
  const { matchLabels = {}, matchExpressions = [] } = selector
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(
      ({ key, operator, values = [] }) => operator === 'In' && key in labels && values.includes(labels[key] as string),
    )
  )
}

export const isEmpty = (selector: Selector | undefined) =>
  selector !== undefined &&
  Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0

export const ofKind = (set: readonly Document[], kind: string) => set.filter((document) => document.kind === kind)

/** One rule: its name, why it is there, and the places where a set of documents breaks it. */
export type Rule = Readonly<{ name: string; because: string; broken: (set: readonly Document[]) => readonly string[] }>

export const podRule = (
  name: string,
  because: string,
  breaks: (pod: PodSpec, workload: Workload) => boolean,
): Rule => ({
  name,
  because,
  broken: (set) => workloads(set).flatMap((one) => (breaks(one.pod, one) ? [one.where] : [])),
})

export const containerRule = (
  name: string,
  because: string,
  breaks: (container: Container, pod: PodSpec, workload: Workload) => boolean,
): Rule => ({
  name,
  because,
  broken: (set) =>
    workloads(set).flatMap((one) =>
      containersOf(one.pod).flatMap((container) =>
        breaks(container, one.pod, one) ? [`${one.where} ${container.name}`] : [],
      ),
    ),
})
