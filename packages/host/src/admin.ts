// What the command line needs: running servers, reading policy, keys and trails.
export { readKillSwitch, type SwitchEntry, updateKillSwitch } from './alerts/kill-switch-file.ts'
export { directoryMustBePrivate } from './audit/private-files.ts'
export { initAuditDirectory } from './audit/file-sink.ts'
export { planPruning, prune } from './audit/prune.ts'
export { argumentHash, recordReview } from './audit/review.ts'
export { readAnchors } from './audit/verify/read-anchors.ts'
export {
  type AuditRecord,
  type DirectoryVerdict,
  type SlotAnchor,
  verifyDirectory,
  type VerifyOptions,
} from './audit/verify/verify-directory.ts'
export type { FrontConfig, HttpConfig } from './config.ts'
export { serverEntry } from './manifest/as-signed.ts'
export { createManifestKey, readManifestKey } from './manifest/manifest-key-file.ts'
export { strictJson } from './mcp/strict-json.ts'
export { toolListing } from './mcp/tool-listing.ts'
export { factsMustBeOurs } from './own-directory.ts'
export { parseStrictly } from './parse-strictly.ts'
export { withLabels } from './policy/added-labels.ts'
export { explainCall } from './policy/explain.ts'
export { mayRehearse } from './policy/dry-run.ts'
export { rulesOf as alertRulesOf } from './policy/anomaly-section.ts'
export { effectivePolicy, peopleOfFile } from './policy/effective-policy.ts'
export { type PolicyFile, type PolicyReading, policySchema, readPolicyFile } from './policy/policy-file.ts'
export { mustBeTrusted } from './policy/trusted-file.ts'
export { metricsAddress } from './policy/telemetry-section.ts'
export { checkPolicy, runPolicyTests } from './policy/policy-tests.ts'
export type { ServerDefinition } from './define-server.ts'
export { type RunOptions, runServer } from './sandbox/run-server.ts'
export { SANDBOX_MODES, type SandboxRequest } from './sandbox/supervisor-sandbox.ts'
export { EXIT_CONFIG } from './sandbox/exit-codes.ts'
export { CHECKSUM, KEY_PATTERN, mintKey } from './identity/api-key.ts'
export { keysMustBePrivate, type KeyRecord, readKeysFileSync, updateKeysFile } from './identity/api-key-file.ts'
export { decide, requestsIn, type Waiting } from './approval/operator-desk.ts'
export { carriersIn, clearCarrier } from './taint/directory-taint.ts'
