// What the code of a worker needs: decisions, refusals, labels and the reading of addresses. Kept apart from `index.ts`, so that
// a worker, of which one starts after every call that was killed, loads no pipeline, trail or manifest.
export type { Policy } from './clear.ts'
export { allow, type Decision, deny, must } from './decision.ts'
export { Denial, type DenialCode, type DenialDetail, denialOf } from './denial.ts'
export { tenantField, type TenantScope } from './identity/tenant-scope.ts'
export { isInside, isPublicAddress, type Nat64Prefix } from './input/url/public-address.ts'
export { publicHost } from './input/url/public-host.ts'
export { denyUrl, sayUrlRule, URL_RULES, type UrlRule } from './input/url/url-rules.ts'
export { HTTPS_PORT, readUrl, type WebUrl } from './input/url/url-syntax.ts'
export { breakTemplateTokens } from './output/template-tokens.ts'
export { CLEAN, labelText } from './taint/label.ts'
export type { FlowOf } from './taint/taint.ts'
export type { Budget, Label, Result } from './types.ts'
