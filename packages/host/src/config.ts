// What the operator decided, parsed once and strictly: policy file, flags and defaults become one plain value.
import type { Capability } from '@hardened-mcp/security-core'
import type { OauthConfig } from './identity/oauth/config.ts'
import type { ApprovalsSection } from './policy/approvals-section.ts'
import type { AnomalySection } from './policy/anomaly-section.ts'
import type { SharedLimits } from './policy/limits-section.ts'
import type { PeopleSections, ServerPolicy } from './policy/policy-file.ts'
import type { ScreeningSection } from './policy/screening-section.ts'
import type { TaintSection } from './policy/taint-section.ts'
import type { MetricsAddress, TelemetrySection } from './policy/telemetry-section.ts'

/** Everything the front needs. Plain JSON: it crosses from supervisor to front as it is. */
export type FrontConfig = Readonly<{
  server: string
  /** File URL of the module whose default export is the server definition. */
  module: string
  policy: ServerPolicy | null
  /** Roles, tenants and subjects of a version 2 policy. */
  people?: PeopleSections
  dryRun?: boolean
  /** The signed manifest that the tools have to be as they stand in, and the key it has to be signed with. */
  manifest?: Readonly<{ note: string; key: string }>
  /** The file to follow, and the name of the text that was read of it. */
  policyFile?: Readonly<{ path: string; id: string }>
  sharedLimits?: SharedLimits
  /** How callers carry labels, as the policy file says it. */
  taint?: TaintSection
  /** Where servers share labels, by the policy file or by flag; within this server alone when left out. */
  labelsDir?: string
  /** Which calls need a yes, and where requests wait. */
  approvals?: ApprovalsSection
  /** What answers are looked through for; credentials are redacted when it is left out. */
  screening?: ScreeningSection
  /** What is measured and where it goes, as the policy file says it. */
  telemetry?: TelemetrySection
  /** Where this server's figures are read, by the policy file or by flag; nowhere when left out. */
  metrics?: MetricsAddress
  /** What counts as odd and what follows; left out, alerts are raised and nobody has to wait. */
  anomaly?: AnomalySection
  /** What the operator has switched off, followed while the server runs. It may be missing. */
  killSwitchFile?: string
  resources: unknown
  auditDir: string
  transport: { kind: 'stdio' } | ({ kind: 'http' } & HttpConfig)
}>

export type HttpConfig = Readonly<{
  host: string
  port: number
  keysFile: string
  oauth?: OauthConfig
  tls?: { certFile: string; keyFile: string; clientCaFile?: string }
  trustedProxies?: readonly string[]
  allowedHosts?: readonly string[]
  allowedOrigins?: readonly string[]
}>

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
    rate_limits: {},
  }
}
