// From what the operator asked for to a running server: validates, builds the launch plan, supervises.
import { mkdirSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { FOLDERS } from '../approval/approval-files.ts'
import { type FrontConfig, policyOfGrants } from '../config.ts'
import type { ServerDefinition } from '../define-server.ts'
import { parseStrictly } from '../parse-strictly.ts'
import type { ServerPolicy } from '../policy/policy-file.ts'
import { launchOf } from './launch.ts'
import { supervise } from './supervisor.ts'
import { chooseSandbox, type SandboxRequest } from './supervisor-sandbox.ts'

export type RunOptions = Readonly<{
  definition: ServerDefinition
  /** File URL of the module whose default export is `definition`. */
  module: string
  /** The server's part of the policy file; `null` when flags alone grant. */
  policy: ServerPolicy | null
  /** What the rest of the policy file says, and the file itself, which is followed. */
  rest?: Pick<
    FrontConfig,
    'people' | 'dryRun' | 'policyFile' | 'sharedLimits' | 'screening' | 'taint' | 'approvals' | 'telemetry' | 'anomaly'
  >
  /** A server whose tools are not what this note says does not start. */
  manifest?: FrontConfig['manifest']
  /** Where servers share labels; the directory is made when it is missing. */
  labelsDir?: string | undefined
  /** Where figures are read; nowhere when left out. */
  metrics?: FrontConfig['metrics'] | undefined
  /** Where `hardened-mcp killswitch` writes; its directory is made when it is missing. Nothing can be switched off when left out. */
  killSwitchFile?: string
  /** What the flags granted, as input of the definition's `resources` schema; `undefined` when no flag did. */
  granted: unknown
  auditDir: string
  transport: FrontConfig['transport']
  workers?: number
  /** `permission` when left out. */
  sandbox?: SandboxRequest
  onServing?: (url?: string) => void
}>

/** Runs until the server ends; resolves with the exit code. Rejects with `RangeError` of one line on a bad configuration. */
export async function runServer(options: RunOptions): Promise<number> {
  if (process.platform === 'win32')
    throw new RangeError('Windows is not supported: run the servers under Linux or in a container')
  const { definition, policy, granted } = options
  if (policy?.resources !== undefined && granted !== undefined) {
    throw new RangeError(`Resources of ${definition.name} must come from the policy file or from flags, not from both`)
  }
  const described = granted ?? policy?.resources
  if (described === undefined) throw new RangeError(nothingGranted(definition))
  const resources = parseStrictly(definition.resources, described, `Resources of ${definition.name}`)
  const config: FrontConfig = {
    server: definition.name,
    module: options.module,
    policy: policy ?? policyOfGrants(definition.tools(resources), definition.grants(resources)),
    ...options.rest,
    ...(options.manifest === undefined ? {} : { manifest: options.manifest }),
    resources: described,
    auditDir: made(options.auditDir),
    ...(options.labelsDir === undefined ? {} : { labelsDir: made(options.labelsDir) }),
    ...(options.killSwitchFile === undefined ? {} : { killSwitchFile: withDirectory(options.killSwitchFile) }),
    transport: options.transport,
    ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
  }
  const desk = config.approvals?.directory
  if (desk !== undefined) for (const folder of Object.values(FOLDERS)) made(join(desk, folder))
  const worker = { ...definition.worker, count: options.workers ?? definition.worker.count }
  const sandbox = await chooseSandbox(options.sandbox ?? { mode: 'permission' }, Date.now())
  if (sandbox.says !== undefined) process.stderr.write(`hardened-mcp: ${sandbox.says}\n`)
  return supervise(launchOf({ config, resources, worker, sandbox, onServing: options.onServing ?? (() => undefined) }))
}

// Made before the fence of the front is drawn around its real path.
function made(dir: string): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  return realpathSync(dir)
}

// A sandbox mounts the directory, so it has to be there before; where it cannot be made, this user can switch nothing off.
function withDirectory(file: string): string {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  } catch {
    // A file system that is read-only: the directory comes from a mount, or never.
  }
  return resolve(file)
}

const nothingGranted = ({ name, flags }: ServerDefinition) =>
  `Nothing is granted to ${name}: give ${Object.entries(flags)
    .map(([flag, { value }]) => `--${flag} ${value}`)
    .join(' or ')}, or a policy file with resources`
