// The public surface of the core.
export { accessSteps, capabilities, mayCall, type ServerCapabilityPolicy } from './access/capabilities.ts'
export { type Caller, type People, type RoleGrant, rolesOf, type Step } from './access/people.ts'
export { type ScopeGrants, type ScopeImplies, type ScopeTable, scopeTable } from './access/scopes.ts'
export type { Ask, Consent, Strength } from './approval/ask.ts'
export type { ApprovalRequest, ApprovalStore, RequestFacts } from './approval/approval-store.ts'
export { type Approvals, approvals, unapproved } from './approval/approvals.ts'
export { memoryApprovals } from './approval/memory-approvals.ts'
export type { ApprovalRule } from './approval/rules.ts'
export type { Alert, OnAlert } from './alerts/alert.ts'
export { type Alerts, alerts } from './alerts/alerts.ts'
export { CANARY_VALUE, canaries } from './alerts/canaries.ts'
export { type KillSwitch, killSwitch, type SwitchedOff, type SwitchState, whatOf } from './alerts/kill-switch.ts'
export { type Quarantine, quarantine } from './alerts/quarantine.ts'
export { type AlertRule, alertRules, COUNTED, type CountedRule, FIXED, type Observation } from './alerts/rules.ts'
export { AUDIT_EVENTS, type AuditEvent, type AuditEventType, type AuditSink, aboutCall } from './audit/event.ts'
export { assertCleared, type Cleared, clear, type Policies, type Policy } from './clear.ts'
export { allow, type Decision, deny, must } from './decision.ts'
export { DENIALS, Denial, type DenialCode, type DenialDetail, denialOf, isDenialCode } from './denial.ts'
export { principal } from './identity/principal.ts'
export { tenantField, type TenantScope, tenantScope } from './identity/tenant-scope.ts'
export { type InjectionMark, injectionMarks } from './input/injection-patterns.ts'
export { asRead, type Hidden, type HiddenKind, hiddenIn, mixedWords, skeleton } from './input/text-as-read.ts'
export { type SteeringMark, steeringMarks } from './input/steering-marks.ts'
export { parseInput } from './input/parse-input.ts'
export { gcra, type Rate } from './limits/gcra.ts'
export { type Entry, type Ledger, localLedger, type Taken } from './limits/ledger.ts'
export type { Bounds, Budgets, Limits } from './limits/limits.ts'
export { type Cost, type Meter, meter, unmetered } from './limits/meter.ts'
export { perMinute, rateLimit } from './limits/rate-limit.ts'
export { type WorkTime, workTime } from './limits/work-time.ts'
export { sampledRefusals } from './limits/sampled-refusals.ts'
export { isBase64 } from './output/answer-shape.ts'
export { activeLinks, type LinkAction } from './output/active-links.ts'
export { hiddenCharacters, shownCharacters } from './output/hidden-characters.ts'
export { crcDigits } from './output/check-digits.ts'
export { breakTemplateTokens, templateTokens } from './output/template-tokens.ts'
export { sentSecrets } from './output/sent-secrets.ts'
export { secretValues } from './output/secret-values.ts'
export { type OutputFilter, type Released, release } from './output/release.ts'
export { type Answer, type CallRequest, type Controls, type Executor, type Guard, pipeline } from './pipeline.ts'
export { CLEAN, join as joinLabels, labelText, refusedFlow } from './taint/label.ts'
export { memoryTaint } from './taint/memory-taint.ts'
export {
  type Carrier,
  type Flow,
  type FlowOf,
  type Taint,
  type TaintMode,
  type TaintStore,
  taint,
} from './taint/taint.ts'
export { snapshot } from './snapshot.ts'
export { defineTool, type ToolDefinition, type ToolHints } from './tool.ts'
export {
  type AuthMethod,
  type Budget,
  CAPABILITIES,
  type CallContext,
  type Capability,
  type Effect,
  type Label,
  type Principal,
  type Result,
  type ToolFacts,
} from './types.ts'
export { isPlainHostName, isPublicHostName } from './input/url/host-name.ts'
export { isInside, isPublicAddress, type Nat64Prefix } from './input/url/public-address.ts'
export { publicHost } from './input/url/public-host.ts'
export { denyUrl, sayUrlRule, URL_RULES, type UrlRule } from './input/url/url-rules.ts'
export { HTTPS_PORT, readUrl, type UrlReading, type WebUrl } from './input/url/url-syntax.ts'
export { canonicalJson } from './audit/canonical-json.ts'
export { GENESIS, leafHash } from './audit/chain.ts'
export { fingerprint, MASTER_KEY_BYTES } from './audit/fingerprint.ts'
export { type RecordPlace, recordLine } from './audit/record.ts'
export { ed25519Key, type EpochKey, epochKey, rawPublicKey, SEED_BYTES } from './audit/epoch-keys.ts'
export { logName, sealCheckpoint, slotOrigin, type TrailSigner, trailSigner } from './audit/checkpoint.ts'
export { type MerkleTree, merkleTree, type TreeHead } from './audit/merkle-tree.ts'
export { verifierKey } from './audit/signed-note.ts'
export { serverDigests, toolDigests } from './manifest/definition-digest.ts'
export {
  differences,
  type Manifest,
  manifestText,
  newManifest,
  readManifest,
  type ServerEntry,
  type ToolEntry,
} from './manifest/manifest.ts'
export { manifestKey, openManifest, signManifest } from './manifest/signed-manifest.ts'
export { escaped, type Finding, SEVERITIES, type Severity } from './manifest/scan/finding.ts'
export { isAtLeast, type ScannedServer, scanTools } from './manifest/scan/scan-tools.ts'
