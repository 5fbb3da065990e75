// What the operator decided, parsed once and strictly: policy file, flags and defaults become one plain value.
import { readFileSync } from 'node:fs'
import { type Capability, CAPABILITIES, type ServerCapabilityPolicy } from '@hardened-mcp/security-core'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { type OauthConfig, oauthSection } from './identity/oauth/config.ts'

const toolName = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'Must be a tool name')
const rate = z.union([
  z.int().min(1).max(1_000_000),
  z.strictObject({ per_minute: z.int().min(1).max(1_000_000), burst: z.int().min(1).max(100_000) }),
])

/** The seed's ServerCapabilityPolicy. An empty list allows nothing; `"*"` is a rate-limit key and nothing else. */
const serverPolicy = z.strictObject({
  allowed_tools: z.array(toolName).max(100),
  denied_tools: z.array(toolName).max(100).default([]),
  permissions: z.array(z.enum(CAPABILITIES)),
  rate_limits: z.record(z.union([toolName, z.literal('*')]), rate).default({}),
  /** What the server may reach: its own schema judges it. Left out when flags grant it. */
  resources: z.unknown().optional(),
})
export type ServerPolicy = z.output<typeof serverPolicy>

const policyFile = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(1),
  servers: z.partialRecord(z.enum(['db-query', 'file', 'fetch']), serverPolicy),
  /** Authorization servers whose access tokens open the HTTP transport, beside API keys. */
  oauth: oauthSection.exactOptional(),
})
export type PolicyFile = z.output<typeof policyFile>

/** Everything the front needs. Plain JSON: it crosses from supervisor to front as it is. */
export type FrontConfig = Readonly<{
  server: string
  /** File URL of the module whose default export is the server definition. */
  module: string
  policy: ServerPolicy | null
  resources: unknown
  auditDir: string
  transport: { kind: 'stdio' } | ({ kind: 'http' } & HttpConfig)
}>

export type HttpConfig = Readonly<{
  host: string
  port: number
  keysFile: string
  oauth?: OauthConfig
  tls?: { certFile: string; keyFile: string }
  trustedProxies?: readonly string[]
  allowedHosts?: readonly string[]
  allowedOrigins?: readonly string[]
}>

const MAX_POLICY_BYTES = 1024 * 1024 // YAML aliases may not blow up what was small either: see parseYaml below

/** Reads JSON or YAML. Throws `RangeError` with one line that names the place and the expectation. */
export function readPolicyFile(path: string): PolicyFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw new RangeError(`Policy file ${path} cannot be read`)
  }
  if (text.length > MAX_POLICY_BYTES) throw new RangeError(`Policy file must be at most ${MAX_POLICY_BYTES} characters`)
  return parsePolicy(text)
}

export function parsePolicy(text: string): PolicyFile {
  let value: unknown
  try {
    value = parseYaml(text, { maxAliasCount: 0, uniqueKeys: true, strict: true, version: '1.2' })
  } catch (thrown) {
    throw new RangeError(`Policy file is not valid YAML or JSON: ${(thrown as Error).message.split('\n')[0]}`)
  }
  return parseStrictly(policyFile, value, 'Policy file')
}

/** Parses with a strict schema; a misspelt key, a wrong type and a missing value are all one clear line. */
export function parseStrictly<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue?.path.map(String).join('.') || 'top level'
  throw new RangeError(`${what}, ${where}: ${issue?.message}`)
}

/** The ceiling that command-line grants imply: all tools of the server that the granted capabilities are enough for. */
export function policyOfGrants(
  tools: readonly { name: string; needs: readonly Capability[] }[],
  granted: readonly Capability[],
): ServerPolicy {
  const covered = tools.filter((tool) => tool.needs.every((need) => granted.includes(need)))
  return {
    allowed_tools: covered.map((tool) => tool.name),
    denied_tools: [],
    permissions: [...granted],
    rate_limits: { '*': DEFAULT_CALLS_PER_MINUTE },
  }
}

const DEFAULT_CALLS_PER_MINUTE = 600 // MCP: servers MUST rate limit. Ten a second is more than a person's agent makes

/** The ceiling in the form the guard reads. No policy stays no policy: everything is refused. */
export const ceilingOf = (policy: ServerPolicy | null): ServerCapabilityPolicy | undefined =>
  policy === null
    ? undefined
    : {
        allowed_tools: new Set(policy.allowed_tools),
        denied_tools: new Set(policy.denied_tools),
        permissions: new Set(policy.permissions),
      }
