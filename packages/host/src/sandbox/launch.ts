// How the processes of one server are started: which flags fence each of them in, and what each may read and write.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FOLDERS } from '../approval/approval-files.ts'
import type { FrontConfig } from '../config.ts'
import { anomalyFiles } from '../policy/anomaly-section.ts'
import { oauthFiles } from '../identity/oauth/config.ts'
import type { WorkerSpec } from '../define-server.ts'
import { telemetryFiles } from '../policy/telemetry-section.ts'
import type { Launch } from './supervisor.ts'
import type { Sandbox } from './supervisor-sandbox.ts'
import type { WorkerConfig } from './worker-runtime.ts'

// The permission model is the seat belt (it has no hold on native code or on the network); the container is the wall.
const FENCED = ['--permission', '--disable-sigusr1', '--disable-warning=SecurityWarning'] as const

export function launchOf<Resources>(options: {
  config: FrontConfig
  resources: Resources
  worker: WorkerSpec<Resources>
  sandbox: Sandbox
  onServing: (url?: string) => void
}): Launch {
  const { config, resources, worker, sandbox } = options
  const code = [...codeReads(), `${dirname(fileURLToPath(config.module))}/`]
  const entry = fileURLToPath(worker.entry)
  const reads = [...code, `${dirname(entry)}/`, ...worker.fsRead(resources)]
  const heapMb = Math.max(64, Math.floor(worker.memoryMb / 2)) // the rest is for SQLite, buffers and code
  const local = config.transport.kind === 'stdio'
  const network = networkOf(config, worker)
  const frontFence = {
    // Keys and certificates are replaced by renaming: a mount of the file alone would hold on to the old one.
    reads: [...code, ...frontReads(config).map((path) => (path.endsWith('/') ? path : dirname(path)))],
    writes: frontWrites(config),
    network: true, // the lock of the audit directory is a name in the machine's network namespace; the filter refuses the rest
  }
  const writes = worker.fsWrite(resources)
  const own = workerCode(config, entry)
  return {
    front: {
      ...sandbox.start(
        [
          ...FENCED,
          ...fsFlags(
            [...code, ...frontReads(config)],
            frontWrites(config).map((dir) => `${dir}/`),
          ),
          join(import.meta.dirname, '../front.ts'),
        ],
        network.front ? { ...frontFence, reads: [...frontFence.reads, '/etc/resolv.conf'] } : frontFence,
        { kind: 'front', local: !network.front },
      ),
      config,
      stdin: local ? 'inherit' : 'ignore',
    },
    worker: {
      ...sandbox.start(
        [
          ...FENCED,
          '--allow-worker', // the watchdog
          ...(worker.addons ? ['--allow-addons'] : []),
          `--max-old-space-size=${heapMb}`,
          ...fsFlags(reads, writes),
          entry,
        ],
        {
          reads: [...own, ...worker.fsRead(resources)],
          writes: [...writes, ...(worker.mounts?.(resources) ?? [])],
          network: network.worker,
        },
        { kind: writes.length === 0 ? 'worker' : 'writer', local: !network.worker },
      ),
      count: worker.count,
      config: JSON.stringify({
        resources: config.resources,
        memoryMb: worker.memoryMb,
        secret: randomBytes(32).toString('base64url'), // new at each start: what was signed before is no longer valid
      } satisfies WorkerConfig),
    },
    onServing: options.onServing,
  }
}

/** Which of the processes have anything to reach or to open on a network. The supervisor never has. */
export function networkOf(
  config: Pick<FrontConfig, 'anomaly' | 'telemetry' | 'metrics' | 'sharedLimits' | 'taint'> & {
    transport: Pick<FrontConfig['transport'], 'kind'>
  },
  worker: Pick<WorkerSpec<never>, 'network'>,
): Readonly<{ front: boolean; worker: boolean }> {
  const { transport, anomaly, telemetry, metrics, sharedLimits, taint } = config
  const named = [anomaly?.webhook, telemetry?.otlp, metrics, sharedLimits, taint?.shared]
  return {
    front: transport.kind === 'http' || named.some((each) => each !== undefined),
    worker: worker.network === true,
  }
}

const fsFlags = (reads: readonly string[], writes: readonly string[]) => [
  ...new Set(reads.map((path) => `--allow-fs-read=${path}`)),
  ...new Set(writes.map((path) => `--allow-fs-write=${path}`)),
]

const frontWrites = ({ auditDir, labelsDir, approvals }: FrontConfig): string[] => [
  auditDir,
  ...(labelsDir === undefined ? [] : [labelsDir]),
  ...(approvals?.directory === undefined ? [] : [join(approvals.directory, FOLDERS.requests)]),
]

function frontReads(config: FrontConfig): string[] {
  const stores = [config.sharedLimits, config.taint?.shared]
  const shared = stores.flatMap((store) => [store?.password_file, store?.ca_file])
  const telemetry = config.telemetry === undefined ? [] : telemetryFiles(config.telemetry)
  const written = frontWrites(config).map((dir) => `${dir}/`)
  const desk = config.approvals?.directory // a yes is read here, and never written
  const verdicts = desk === undefined ? [] : [`${join(desk, FOLDERS.verdicts)}/`]
  const own = [config.policyFile?.path, config.killSwitchFile, ...anomalyFiles(config.anomaly)]
  const files = [...own, ...shared, ...telemetry].filter((path) => path !== undefined)
  const always = [...written, ...verdicts, ...files]
  if (config.transport.kind === 'stdio') return always
  const { keysFile, tls, oauth } = config.transport
  return [
    ...always,
    keysFile,
    ...(oauth === undefined ? [] : oauthFiles(oauth)),
    ...(tls === undefined ? [] : Object.values(tls)),
  ]
}

// Of the code, a worker in a namespace of its own sees what it loads, and no other server.
const workerCode = (config: FrontConfig, entry: string): string[] => [
  ...codeReads(['node_modules/', 'packages/host/', 'packages/security-core/', 'package.json']),
  `${dirname(fileURLToPath(config.module))}/`,
  `${dirname(entry)}/`,
]

// The folder that holds node_modules: the checkout, or the image's /app.
function codeReads(parts = ['node_modules/', 'packages/', 'servers/', 'package.json']): string[] {
  let root = import.meta.dirname
  while (!existsSync(join(root, 'node_modules/@hardened-mcp'))) {
    if (dirname(root) === root) throw new RangeError('The packages of hardened-mcp must be installed by npm')
    root = dirname(root)
  }
  return parts.map((path) => join(root, path))
}
