// Question: may roles, tenants and subjects be tried out without being enforced?
// Threat:   a rehearsal that nobody ended, on a server that others reach.
// Rule:     only over stdio or on bare loopback, outside NODE_ENV=production, with a reason and an end date.
// Limits:   server ceilings, credentials and the servers' own policies are enforced all the same.
// Proof:    dry-run.test.ts
import {
  aboutCall,
  type AuditSink,
  allow,
  deny,
  type Guard,
  mayCall,
  type ServerCapabilityPolicy,
} from '@hardened-mcp/security-core'
import { weaken } from '@hardened-mcp/security-core/unsafe'
import type { FrontConfig } from '../config.ts'
import type { PolicyFile } from './policy-file.ts'

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost'])

/** Throws `RangeError` when `dry_run`, or an acceptance of the file, is not to be had here and now. */
export function mayRehearse(file: PolicyFile, transport: FrontConfig['transport'], nowMs: number): void {
  for (const [name, { rule_of_two }] of Object.entries(file.roles ?? {}))
    if (rule_of_two !== undefined) weaken(`rule of two for role ${name}`, rule_of_two, nowMs)
  if (file.dry_run === undefined) return
  weaken('roles, tenants and subjects (dry_run)', file.dry_run, nowMs)
  const isOpen =
    transport.kind === 'http' &&
    (!LOOPBACK.has(transport.host) || transport.tls !== undefined || transport.trustedProxies !== undefined)
  if (isOpen || process.env['NODE_ENV'] === 'production') throw new RangeError('dry_run is refused in production')
}

/** Records what `whole` would refuse, and lets it pass. What cannot be recorded does not pass. */
export const rehearsal =
  (whole: () => ServerCapabilityPolicy | undefined, isDry: () => boolean, audit: AuditSink): Guard =>
  async (call) => {
    if (!isDry()) return allow()
    const decision = mayCall(call.tool, call.caller, whole())
    if (decision.verdict === 'allow') return decision
    const err = `Would be refused: ${decision.reason}`
    try {
      await audit({ ...aboutCall(call), type: 'alert.raised', rule: 'dry_run', err })
      return allow()
    } catch {
      return deny('audit_unavailable', 'A rehearsed refusal could not be recorded')
    }
  }
