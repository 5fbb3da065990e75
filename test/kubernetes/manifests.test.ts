// The shipped manifests pass their schemas and every rule; a copy that is weaker in one line is caught by the rule that is there for it.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Document, readDocuments, whereOf } from '../../deploy/kubernetes/check/documents.ts'
import { digestIsSet } from '../../deploy/kubernetes/check/hardening.ts'
import { judge, RULES, schemaFindings } from '../../deploy/kubernetes/check/judge.ts'
import { rendered } from './rendered.ts'

const SETS = { production: rendered('production'), 'shared-limits': rendered('shared-limits') } as const

suite('the shipped manifests', () => {
  for (const [overlay, text] of Object.entries(SETS)) {
    const set = readDocuments(text)
    test(`${overlay}: every document has a published schema and fits it`, async () => {
      assert.deepEqual(await schemaFindings(set), [])
    })
    test(`${overlay}: no rule is broken but the one for the operator's digests`, () => {
      assert.deepEqual(judge(set), [])
      assert.equal(judge(set, [digestIsSet]).length, overlay === 'production' ? 4 : 5)
      const filled = text.replaceAll('0'.repeat(64), 'a'.repeat(64))
      assert.deepEqual(judge(readDocuments(filled), [...RULES, digestIsSet]), [])
    })
  }

  test('production holds the three servers and the proxy, each with account, Service, budget and autoscaler', () => {
    const found = new Set(readDocuments(SETS.production).map(whereOf))
    for (const app of ['db-query', 'file', 'fetch', 'egress-proxy'])
      for (const kind of ['ServiceAccount', 'Service', 'PodDisruptionBudget', 'HorizontalPodAutoscaler'])
        assert.ok(found.has(`${kind}/${app}`), `${kind}/${app}`)
  })

  const MISTAKES: readonly [string, (text: string) => string][] = [
    ['a list for a word', (text) => text.replace('runtimeClassName: gvisor', 'runtimeClassName: [gvisor]')],
    [
      'a word for a number',
      (text) => text.replace('terminationGracePeriodSeconds: 30', 'terminationGracePeriodSeconds: long'),
    ],
    ['a kind that no schema knows', (text) => text.replace('kind: NetworkPolicy', 'kind: NetworkPolicies')],
  ]
  for (const [name, change] of MISTAKES)
    test(`the schemas catch ${name}`, async () => {
      const findings = await schemaFindings(readDocuments(change(SETS.production)))
      assert.notDeepEqual(findings, [])
    })
})

// One line of the rendered text becomes another. The line is looked for behind `after`, so that the object is the one that is named.
type Weakening = readonly [rule: string, after: string, line: string, instead: string, of?: keyof typeof SETS]
const DB = 'kind: StatefulSet'
const policy = (name: string) => `  name: ${name}\n  namespace: hardened-mcp\nspec:\n`
const WEAKENINGS: readonly Weakening[] = [
  [
    'namespace-enforces',
    '',
    'pod-security.kubernetes.io/enforce: restricted',
    'pod-security.kubernetes.io/enforce: baseline',
  ],
  ['host-namespaces', DB, 'enableServiceLinks: false', 'hostNetwork: true'],
  ['host-namespaces', DB, 'enableServiceLinks: false', 'hostPID: true'],
  ['host-namespaces', DB, 'enableServiceLinks: false', 'hostIPC: true'],
  ['volume-types', DB, 'emptyDir:', 'hostPath:'],
  ['sysctls', DB, 'fsGroup: 65532', 'sysctls: [{ name: kernel.msgmax, value: "1" }]'],
  ['privileged', DB, 'allowPrivilegeEscalation: false', 'privileged: true'],
  ['privilege-escalation', DB, 'allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true'],
  ['capabilities', DB, '- ALL', '- NET_RAW'],
  ['capabilities', DB, 'capabilities:', 'capabilities:\n            add: [NET_BIND_SERVICE]'],
  ['run-as-non-root', DB, 'runAsNonRoot: true', 'runAsNonRoot: false'],
  ['run-as-user', DB, 'runAsUser: 65532', 'runAsUser: 0'],
  ['run-as-user', DB, 'runAsGroup: 65532', 'runAsGroup: 0'],
  ['seccomp', DB, 'type: Localhost', 'type: Unconfined'],
  ['seccomp-file', DB, 'type: Localhost', 'type: RuntimeDefault'],
  ['seccomp-file', DB, 'localhostProfile: hardened-mcp/db-query.json', 'localhostProfile: hardened-mcp/fetch.json'],
  ['seccomp-file', DB, 'localhostProfile: hardened-mcp/db-query.json', 'localhostProfile: hardened-mcp/gone.json'],
  ['host-ports', DB, '- containerPort: 8443', '- containerPort: 8443\n          hostPort: 8443'],
  ['proc-mount', DB, 'allowPrivilegeEscalation: false', 'procMount: Unmasked'],
  ['mandatory-access', DB, 'fsGroup: 65532', 'appArmorProfile: { type: Unconfined }'],
  ['mandatory-access', DB, 'fsGroup: 65532', 'seLinuxOptions: { type: spc_t }'],
  ['known-kinds', '', 'kind: ServiceAccount', 'kind: Secret'],
  ['known-kinds', '', 'kind: PodDisruptionBudget', 'kind: ClusterRoleBinding'],
  ['runtime-class', DB, 'runtimeClassName: gvisor', 'runtimeClassName: runc'],
  ['runtime-handler', '', 'handler: runsc', 'handler: runc'],
  ['read-only-root', DB, 'readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false'],
  ['writable-mounts', DB, 'readOnly: true', 'readOnly: false'],
  ['tmp-covered', DB, 'mountPath: /tmp', 'mountPath: /var/tmp'],
  ['shm-covered', DB, 'mountPath: /dev/shm', 'mountPath: /var/shm'],
  ['memory-bounded', DB, 'sizeLimit: 1Mi', ''],
  ['token', DB, 'automountServiceAccountToken: false', 'automountServiceAccountToken: true'],
  ['account-token', '', 'automountServiceAccountToken: false', 'automountServiceAccountToken: true'],
  ['service-links', DB, 'enableServiceLinks: false', 'enableServiceLinks: true'],
  ['resolver', DB, 'dnsPolicy: None', 'dnsPolicy: ClusterFirst'],
  ['limits', `${DB}|limits:`, 'memory: 1280Mi', ''],
  ['limits', `${DB}|requests:`, 'memory: 1280Mi', 'memory: 8Mi'],
  ['limits', `${DB}|limits:`, 'ephemeral-storage: 128Mi', ''],
  ['probes', DB, 'livenessProbe:', 'startupProbe2:'],
  ['probe-kind', DB, 'httpGet:', 'exec:'],
  ['probe-kind', DB, 'port: https', 'port: http'],
  ['probe-kind', DB, 'sleep:', 'exec:'],
  ['probe-host', DB, 'value: db-query.hardened-mcp.svc', 'value: db-query'],
  ['probe-host', DB, '- --allowed-host=db-query.hardened-mcp.svc', '- --allowed-host=mcp.example.com'],
  ['probe-host', DB, 'path: /healthz', 'path: /health'],
  ['probe-path', DB, 'path: /readyz', 'path: /healthz'],
  ['probe-path', `${DB}|livenessProbe:`, 'path: /healthz', 'path: /readyz'],
  ['grace', DB, 'terminationGracePeriodSeconds: 30', 'terminationGracePeriodSeconds: 1'],
  ['spread', DB, 'topologySpreadConstraints:', 'tolerations:'],
  [
    'secret-files',
    DB,
    'name: server',
    'name: server\n        env: [{ name: KEY, valueFrom: { secretKeyRef: { name: db-query-keys, key: keys.json } } }]',
  ],
  ['secret-files', DB, 'name: server', 'name: server\n        envFrom: [{ secretRef: { name: db-query-keys } }]'],
  [
    'secret-renewal',
    DB,
    'mountPath: /etc/hardened-mcp/keys',
    'mountPath: /etc/hardened-mcp/keys\n          subPath: keys.json',
  ],
  ['encrypted', DB, '- --tls-cert=/etc/hardened-mcp/tls/tls.crt', '- --trusted-proxy=10.0.0.0/8'],
  ['image-digest', DB, `@sha256:${'0'.repeat(64)}`, ':latest'],
  ['group-change', DB, 'fsGroupChangePolicy: OnRootMismatch', 'fsGroupChangePolicy: Always'],
  ['default-deny', policy('default-deny'), 'podSelector: {}', 'podSelector: { matchLabels: { app: fetch } }'],
  ['default-deny', policy('default-deny'), '- Egress', ''],
  ['default-deny', policy('default-deny'), 'podSelector: {}', 'podSelector: {}\n  egress: [{}]'],
  ['egress-public-only', '', '- 169.254.0.0/16', ''],
  ['egress-public-only', '', '- 10.0.0.0/8', ''],
  ['egress-public-only', '', 'cidr: 0.0.0.0/0', 'cidr: 0.0.0.0/1'],
  ['egress-public-only', '', 'cidr: 0.0.0.0/0', 'cidr: ::/0'],
  ['egress-public-only', '', 'port: 443\n      protocol', 'port: 80\n      protocol'],
  ['egress-named', policy('fetch-to-egress-proxy'), 'egress:', 'egress:\n  - {}'],
  ['egress-by-app', policy('fetch-to-egress-proxy'), 'app: egress-proxy', 'app: db-query'],
  ['egress-by-app', policy('fetch-to-egress-proxy'), 'podSelector:', 'namespaceSelector: {}\n      podSelector:'],
  ['egress-by-app', policy('egress-proxy-to-public'), 'app: egress-proxy', 'app: fetch'],
  ['ingress-named', policy('servers-from-clients'), 'ingress:', 'ingress:\n  - {}'],
  ['ingress-named', policy('servers-from-clients'), 'hardened-mcp/client: "true"', ''],
  ['resolver-named', policy('egress-proxy-to-public'), 'k8s-app: kube-dns', ''],
  ['cluster-only', '', 'type: ClusterIP', 'type: NodePort'],
  ['cluster-only', '', 'type: ClusterIP', 'type: LoadBalancer'],
  ['proxy-address', '', 'egress_proxy: 10.96.31.28:3128', 'egress_proxy: 10.96.31.29:3128'],
  ['proxy-address', '', 'egress_proxy: 10.96.31.28:3128', 'robots: obey'],
  ['shared-limits', '', 'address: "10.96.63.79:6379"', 'address: "10.96.63.80:6379"', 'shared-limits'],
  ['shared-limits', '', 'replicas: 6', 'replicas: 2', 'shared-limits'],
  ['shared-limits', '', '    limits:', '    limit:', 'shared-limits'],
  ['shared-labels', '    taint:', 'address: "10.96.63.79:6379"', 'address: "10.96.63.80:6379"', 'shared-limits'],
  ['shared-labels', '    taint:', 'user: hardened', '', 'shared-limits'],
  ['shared-labels', '', '    taint:', '    taints:', 'shared-limits'],
  [
    'shared-labels',
    '    taint:',
    '/etc/hardened-mcp/valkey/password',
    '/etc/hardened-mcp/other/password',
    'shared-limits',
  ],
  ['shared-limits', '', 'user: hardened', '', 'shared-limits'],
  ['shared-limits', 'kind: HorizontalPodAutoscaler', 'maxReplicas: 6', 'maxReplicas: 9', 'shared-limits'],
  ['shared-limits', DB, 'mountPath: /etc/hardened-mcp/valkey', 'mountPath: /etc/hardened-mcp/valk', 'shared-limits'],
  ['own-selector', `${DB}|template:`, 'app: db-query', 'app: db'],
  ['one-namespace', DB, 'namespace: hardened-mcp', 'namespace: default'],
  ['service-finds', 'kind: Service\n', 'app: db-query', 'app: db'],
  ['service-finds', 'kind: Service\n', 'targetPort: https', 'targetPort: http'],
  ['budget', 'kind: PodDisruptionBudget', 'app: db-query', 'app: db'],
  ['budget', 'kind: PodDisruptionBudget', 'maxUnavailable: 1', 'maxUnavailable: 100%'],
  ['autoscaler', 'kind: HorizontalPodAutoscaler|scaleTargetRef:', 'name: db-query', 'name: db'],
  ['autoscaler', DB, 'podManagementPolicy:', 'replicas: 2\n  podManagementPolicy:'],
  ['account', DB, 'serviceAccountName: db-query', 'serviceAccountName: default'],
  ['account', DB, 'serviceAccountName: db-query', 'serviceAccountName: fetch'],
  ['volumes', DB, 'claimName: db-query-data', 'claimName: data'],
  ['volumes', DB, 'secretName: db-query-keys', 'secretName: fetch-keys'],
  ['volumes', `${DB}|volumes:`, 'name: policy-', 'name: rules-'],
  ['one-writer', DB, '- ReadWriteOncePod', '- ReadWriteMany'],
  ['runtime-class-there', 'kind: RuntimeClass', 'name: gvisor', 'name: sandbox'],
]

/** Changes the first `line` of the document that holds `after` (or of the first that holds the line). */
function weakened(text: string, [, after, line, instead]: Weakening): string {
  const marks = after.split('|')
  const documents = text.split(/^---$/m)
  const index = documents.findIndex((one) => marks.every((mark) => one.includes(mark)) && one.includes(line))
  const document = documents[index] ?? assert.fail(`No document holds ${after} and ${line}`)
  const from = marks.reduce((at, mark) => document.indexOf(mark, at), 0)
  const at = document.indexOf(line, from)
  assert.ok(at >= 0, `${line} is not there behind ${after}`)
  documents[index] = document.slice(0, at) + instead + document.slice(at + line.length)
  return documents.join('---')
}

suite('a weakened copy', () => {
  for (const weakening of WEAKENINGS) {
    const [rule, , line, instead, overlay = 'production'] = weakening
    test(`${rule} catches "${line.trim()}" become "${instead.trim().slice(0, 60)}"`, () => {
      const set: readonly Document[] = readDocuments(weakened(SETS[overlay], weakening))
      const caught = judge(set).map((finding) => finding.rule)
      assert.ok(caught.includes(rule), `caught by: ${caught.join(', ') || 'nothing'}`)
    })
  }

  test('a document that is missing is caught too', () => {
    const without = (kind: string, name: string) =>
      judge(readDocuments(SETS.production).filter((one) => whereOf(one) !== `${kind}/${name}`)).map(({ rule }) => rule)
    assert.ok(without('NetworkPolicy', 'default-deny').includes('default-deny'))
    assert.ok(without('Namespace', 'hardened-mcp').includes('namespace-enforces'))
    assert.ok(without('RuntimeClass', 'gvisor').includes('runtime-class-there'))
    assert.ok(without('ServiceAccount', 'fetch').includes('account'))
    assert.ok(without('PodDisruptionBudget', 'file').includes('budget'))
    assert.ok(without('PersistentVolumeClaim', 'file-data').includes('volumes'))
  })

  test('every rule has a weakening that it catches', () => {
    const proved = new Set(WEAKENINGS.map(([rule]) => rule))
    assert.deepEqual(
      RULES.map(({ name }) => name).filter((name) => !proved.has(name)),
      [],
    )
  })
})
