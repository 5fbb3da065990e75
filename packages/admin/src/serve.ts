// `hardened-mcp serve`: flags and policy file become one running server.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  checkPolicy,
  type FrontConfig,
  type HttpConfig,
  mayRehearse,
  metricsAddress,
  type PolicyFile,
  mustBeTrusted,
  readPolicyFile,
  type RunOptions,
  runPolicyTests,
  runServer,
  SANDBOX_MODES,
  type SandboxRequest,
  type ServerDefinition,
} from '@hardened-mcp/host/admin'
import { type Command, UsageError } from './command.ts'
import { keyLine, readText } from './manifest/files.ts'
import { defaultAuditDir, defaultKeysFile, killSwitchBeside } from './paths.ts'
import { restOf } from './policy/rest-of.ts'
import { helpText } from './serve-help.ts'
import { loadServer, SERVER_NAMES } from './servers.ts'

const COMMON = {
  policy: { type: 'string' },
  http: { type: 'string' },
  audit: { type: 'string' },
  taint: { type: 'string' },
  keys: { type: 'string' },
  manifest: { type: 'string' },
  'manifest-key': { type: 'string' },
  killswitch: { type: 'string' },
  workers: { type: 'string' },
  metrics: { type: 'string' },
  'metrics-from': { type: 'string', multiple: true },
  sandbox: { type: 'string' },
  because: { type: 'string' },
  until: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'tls-client-ca': { type: 'string' },
  'trusted-proxy': { type: 'string', multiple: true },
  'allowed-host': { type: 'string', multiple: true },
  'allowed-origin': { type: 'string', multiple: true },
} as const

export const serve: Command = {
  usage: 'hardened-mcp serve <db-query|file|fetch> [grants] [--policy FILE] [--http HOST:PORT] [--audit DIR]',
  help: helpText,
  async run(args) {
    const [name, ...rest] = args
    const server = name === undefined ? undefined : await loadServer(name)
    if (name === undefined || server === undefined)
      throw new UsageError(`serve needs one of ${SERVER_NAMES.join(', ')}`)
    const { definition, module } = server
    const grantFlags = Object.fromEntries(
      Object.keys(definition.flags).map((flag) => [flag, { type: 'string', multiple: true } as const]),
    )
    const { values } = parseArgs({ args: rest, options: { ...COMMON, ...grantFlags }, strict: true })
    const grants = grantsOf(values, Object.keys(definition.flags))
    if (values.policy !== undefined) mustBeTrusted(values.policy)
    const read = values.policy === undefined ? undefined : readPolicyFile(values.policy)
    const policy = read === undefined ? null : read.file.servers[name as 'file']
    if (policy === undefined) throw new RangeError(`Policy file has no section for ${name}`)
    const granted = grants === undefined ? undefined : definition.fromFlags(grants)
    const transport = transportOf(values, read?.file.oauth)
    if (read !== undefined) mustHold(definition, read.file, granted, transport)
    return runServer({
      definition,
      module,
      policy,
      ...(read === undefined ? {} : { rest: restOf(read, values.policy as string) }),
      granted,
      auditDir: values.audit ?? defaultAuditDir(name),
      transport,
      ...manifestOf(values),
      killSwitchFile: values.killswitch ?? killSwitchBeside(values.keys ?? defaultKeysFile()),
      labelsDir: labelsDirOf(values.taint, read?.file.taint),
      metrics: metricsOf(values, read?.file.telemetry?.metrics),
      sandbox: sandboxOf(values),
      ...(values.workers === undefined ? {} : { workers: countOf(values.workers) }),
      onServing: (url) => url !== undefined && process.stderr.write(`hardened-mcp: ${name} serves ${url}\n`),
    })
  },
}

type Values = { [Flag in keyof typeof COMMON]?: (typeof COMMON)[Flag] extends { multiple: true } ? string[] : string }

// The same that a change of the file has to pass while the server runs.
function mustHold(
  definition: ServerDefinition,
  file: PolicyFile,
  granted: unknown,
  transport: FrontConfig['transport'],
): void {
  mayRehearse(file, transport, Date.now())
  checkPolicy(definition, file, granted)
  const failed = runPolicyTests(definition, file, granted).find(({ passed }) => !passed)
  if (failed !== undefined) throw new RangeError(`Policy file: its own test fails: ${failed.test.name}`)
}

function grantsOf(values: Record<string, unknown>, flags: readonly string[]): Record<string, string[]> | undefined {
  const given = flags.filter((flag) => values[flag] !== undefined)
  return given.length === 0 ? undefined : Object.fromEntries(given.map((flag) => [flag, values[flag] as string[]]))
}

function transportOf(values: Values, oauth: HttpConfig['oauth']): FrontConfig['transport'] {
  if (values.http === undefined) return { kind: 'stdio' }
  const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(values.http) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) > 65535) throw new UsageError(`--http needs HOST:PORT, got ${values.http}`)
  return {
    kind: 'http',
    host,
    port: Number(port),
    keysFile: values.keys ?? defaultKeysFile(),
    ...tlsOf(values),
    ...(oauth === undefined ? {} : { oauth }),
    ...listOf('trustedProxies', values['trusted-proxy']),
    ...listOf('allowedHosts', values['allowed-host']),
    ...listOf('allowedOrigins', values['allowed-origin']),
  }
}

function tlsOf(values: Values): Pick<HttpConfig, 'tls'> {
  const { 'tls-cert': certFile, 'tls-key': keyFile, 'tls-client-ca': clientCaFile } = values
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new UsageError('--tls-cert and --tls-key belong together')
  if (certFile === undefined && clientCaFile !== undefined)
    throw new UsageError('--tls-client-ca needs --tls-cert and --tls-key')
  if (certFile === undefined || keyFile === undefined) return {}
  return { tls: { certFile, keyFile, ...(clientCaFile === undefined ? {} : { clientCaFile }) } }
}

const listOf = <Key extends string>(key: Key, list: string[] | undefined) =>
  (list === undefined ? {} : { [key]: list }) as { [K in Key]?: string[] }

function sandboxOf({ sandbox = 'permission', because, until }: Values): SandboxRequest {
  const mode = SANDBOX_MODES.find((known) => known === sandbox)
  if (mode === undefined) throw new UsageError(`--sandbox needs one of ${SANDBOX_MODES.join(', ')}, got ${sandbox}`)
  if (mode !== 'none' && (because !== undefined || until !== undefined))
    throw new UsageError('--because and --until belong to --sandbox none')
  return { mode, ...(because === undefined ? {} : { because }), ...(until === undefined ? {} : { until }) }
}

function manifestOf({ manifest, 'manifest-key': key }: Values): Pick<RunOptions, 'manifest'> {
  if (manifest === undefined && key === undefined) return {}
  if (manifest === undefined || key === undefined) throw new UsageError('--manifest and --manifest-key belong together')
  return { manifest: { note: readText(manifest, 'Manifest'), key: keyLine(key) } }
}

// The flag names the address of this one server; a policy file may be that of several.
function metricsOf(
  { metrics, 'metrics-from': from }: Values,
  written: NonNullable<PolicyFile['telemetry']>['metrics'],
): FrontConfig['metrics'] | undefined {
  const address = metrics ?? written?.address
  return address === undefined ? undefined : metricsAddress(address, from ?? written?.from)
}

// The flag is for who has no policy file: one that is there says it itself.
function labelsDirOf(flag: string | undefined, section: PolicyFile['taint']): string | undefined {
  const written = section?.directory
  if (flag === undefined) return written
  if (section?.shared !== undefined) throw new UsageError('--taint and taint.shared of the policy file: one of them')
  if (written !== undefined && written !== resolve(flag))
    throw new UsageError('--taint must name the directory of the policy file, or be left out')
  return resolve(flag)
}

function countOf(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 64)
    throw new UsageError(`--workers needs a number from 1 to 64, got ${text}`)
  return count
}
