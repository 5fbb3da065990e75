// The policy file: its one strict schema, read from YAML or JSON. Version 1 has ceilings for servers; version 2 adds who may do what.
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { CAPABILITIES } from '@hardened-mcp/security-core'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { oauthSection, weakened } from '../identity/oauth/config.ts'
import { parseStrictly } from '../parse-strictly.ts'
import { tenantName } from '../tenant-name.ts'
import { approvalFaults, approvalsSection } from './approvals-section.ts'
import { anomalySection } from './anomaly-section.ts'
import { boundsFields, sharedLimits, toolName } from './limits-section.ts'
import { policyTest } from './policy-test-section.ts'
import { screeningSection } from './screening-section.ts'
import { SERVER_NAMES } from './server-names.ts'
import { taintSection } from './taint-section.ts'
import { telemetrySection } from './telemetry-section.ts'

const byServer = <Schema extends z.ZodType>(schema: Schema) => z.partialRecord(z.enum(SERVER_NAMES), schema)

const ceilingFields = {
  /** Exact names. An empty list allows nothing. */
  allowed_tools: z.array(toolName).max(100),
  /** Wins over the allowed list. */
  denied_tools: z.array(toolName).max(100).default([]),
  permissions: z.array(z.enum(CAPABILITIES)),
}

/** What one server may do. `"*"` is a key of limits and nothing else. */
const serverPolicy = z.strictObject({
  ...ceilingFields,
  ...boundsFields,
  /** What a tool's answers are, where that is more than the tool says of itself: a label can only be added. */
  labels: z
    .record(
      toolName,
      z.strictObject({
        integrity: z.literal('untrusted').exactOptional(),
        secrecy: z.literal('private').exactOptional(),
      }),
    )
    .exactOptional(),
  /** Longest work of one call, and longest wait for a worker. Left out: 10, of fetch 20. */
  deadline_seconds: z.int().min(1).max(60).exactOptional(),
  /** A worker that served one tenant is replaced by a new process before it would serve another. */
  worker_per_tenant: z.boolean().exactOptional(),
  /** What the server may reach: its own schema judges it. Left out when flags grant it. */
  resources: z.unknown().optional(),
})
export type ServerPolicy = z.output<typeof serverPolicy>

const roleName = z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/, 'Must be the name of a role')
const callerId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,127}$/, 'Must be the id of a caller, such as corp:alice')

const role = z.strictObject({
  /** Roles only grant. */
  servers: byServer(
    z.strictObject({ allowed_tools: ceilingFields.allowed_tools, permissions: ceilingFields.permissions }),
  ),
  /** Untrusted text, private data and a way out in one role: why that is accepted, and until when. */
  rule_of_two: weakened.exactOptional(),
})
const tenant = z.strictObject({ servers: byServer(z.strictObject({ ...ceilingFields, ...boundsFields })) })
const subject = z.strictObject({ id: callerId, tenant: tenantName, roles: z.array(roleName).min(1).max(32) })
export type Subject = z.output<typeof subject>
export type PeopleSections = Readonly<{
  roles: Readonly<Record<string, z.output<typeof role>>>
  tenants: Readonly<Record<string, z.output<typeof tenant>>>
  subjects: readonly Subject[]
}>

export const policySchema = z
  .strictObject({
    $schema: z.string().optional(),
    version: z.literal([1, 2]),
    servers: byServer(serverPolicy),
    /** Version 2: every caller needs a role, and every tenant a ceiling. */
    roles: z.record(roleName, role).exactOptional(),
    tenants: z.record(tenantName, tenant).exactOptional(),
    subjects: z.array(subject).max(10_000).exactOptional(),
    /** Judges roles, tenants and subjects, records what they would refuse, and refuses none of it. Never in production. */
    dry_run: weakened.exactOptional(),
    limits: z.strictObject({ shared: sharedLimits.exactOptional() }).exactOptional(),
    /** Left out: credentials are redacted. */
    screening: screeningSection.exactOptional(),
    /** Left out: enforced, within each server by itself. */
    taint: taintSection.exactOptional(),
    /** Left out: nothing needs an approval, and nothing lifts what labels refuse. */
    approvals: approvalsSection.exactOptional(),
    /** Left out: no metrics, no spans. */
    telemetry: telemetrySection.exactOptional(),
    /** Left out: alerts by the default thresholds, and nobody has to wait. */
    anomaly: anomalySection.exactOptional(),
    /** Authorization servers whose access tokens open the HTTP transport, beside API keys. */
    oauth: oauthSection.exactOptional(),
    /** Run before the file is taken over: one that fails keeps it out. */
    tests: z.array(policyTest).max(1_000).exactOptional(),
  })
  .superRefine((file, context) => {
    const say = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
    if (file.version === 1)
      for (const key of ['roles', 'tenants', 'subjects', 'dry_run'] as const)
        if (file[key] !== undefined) say([key], 'Needs version: 2')
    for (const { path, message } of approvalFaults(file)) say(path, message)
    if (file.version === 2)
      for (const { path, tool } of contradictions(file)) say(path, `${tool} is allowed and denied`)
    for (const [index, { id, tenant: name, roles }] of (file.subjects ?? []).entries()) {
      const unknown = roles.find((each) => !Object.hasOwn(file.roles ?? {}, each))
      if (unknown !== undefined) say(['subjects', index, 'roles'], `There is no role ${unknown}`)
      if (!Object.hasOwn(file.tenants ?? {}, name)) say(['subjects', index, 'tenant'], `There is no tenant ${name}`)
      const first = file.subjects?.findIndex((other) => other.id === id && other.tenant === name)
      if (first !== index) say(['subjects', index], `${id} of ${name} is there twice`)
    }
  })
export type PolicyFile = z.output<typeof policySchema>

// Deny would win; but then taking a line out of the denied list would add a right. So a tool stands in one list only.
function contradictions(file: {
  servers: Partial<Record<string, Ceiling>>
  tenants?: Record<string, { servers: Partial<Record<string, Ceiling>> }>
}): readonly { path: string[]; tool: string }[] {
  const within = (servers: Partial<Record<string, Ceiling>>, path: string[]) =>
    Object.entries(servers).flatMap(([name, ceiling]) =>
      (ceiling?.denied_tools ?? [])
        .filter((tool) => ceiling?.allowed_tools.includes(tool))
        .map((tool) => ({ path: [...path, name, 'denied_tools'], tool })),
    )
  const ofTenants = Object.entries(file.tenants ?? {})
  return [
    ...within(file.servers, ['servers']),
    ...ofTenants.flatMap(([name, { servers }]) => within(servers, ['tenants', name, 'servers'])),
  ]
}
type Ceiling = Readonly<{ allowed_tools: readonly string[]; denied_tools: readonly string[] }>

const MAX_POLICY_BYTES = 1024 * 1024 // YAML aliases may not blow up what was small either: see parseYaml below

/** `id` names the text in log and trail: what `sha256sum` prints begins like it. */
export type PolicyReading = Readonly<{ file: PolicyFile; id: string }>
export const policyId = (text: string): string => `sha256:${hash('sha256', text).slice(0, 32)}`

/** Reads JSON or YAML. Throws `RangeError` with one line that names the place and the expectation. */
export function readPolicyFile(path: string): PolicyReading {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw new RangeError(`Policy file ${path} cannot be read`)
  }
  return { file: parsePolicy(text), id: policyId(text) }
}

export function parsePolicy(text: string): PolicyFile {
  if (text.length > MAX_POLICY_BYTES) throw new RangeError(`Policy file must be at most ${MAX_POLICY_BYTES} characters`)
  let value: unknown
  try {
    value = parseYaml(text, { maxAliasCount: 0, uniqueKeys: true, strict: true, version: '1.2' })
  } catch (thrown) {
    throw new RangeError(`Policy file is not valid YAML or JSON: ${(thrown as Error).message.split('\n')[0]}`)
  }
  mustStandInOrder(value)
  return parseStrictly(policySchema, value, 'Policy file')
}

// In block style a list goes on the one before it when the line of its key is lost: denied tools would become allowed ones.
function mustStandInOrder(value: unknown): void {
  const file = value as { version?: unknown; servers?: object; tenants?: object } | null | undefined
  if (file?.version !== 2) return
  const servers: readonly (readonly [string, unknown])[] = [
    ...Object.entries(file.servers ?? {}),
    ...Object.values(file.tenants ?? {}).flatMap((tenant: { servers?: object } | null) =>
      Object.entries(tenant?.servers ?? {}),
    ),
  ]
  for (const [server, section] of servers) {
    const keys = Object.keys(section ?? {})
    if (keys.includes('denied_tools') && keys.indexOf('denied_tools') > keys.indexOf('allowed_tools'))
      throw new RangeError(`Policy file, ${server}: denied_tools must stand before allowed_tools`)
  }
}
