// What an alert is: one sentence for an operator, with names that the server verified and nothing that a caller sent.
import type { AuditEvent } from '../audit/event.ts'

export type Severity = 'notice' | 'warning' | 'critical'

export type Alert = Readonly<{
  /** Which rule fired: `snake_case`, and public like the denial codes. */
  rule: string
  severity: Severity
  /** Milliseconds since the epoch. */
  at: number
  says: string
  server?: string
  tenant?: string
  caller?: string
  tool?: string
  call_id?: string
  /** How many firings of this rule were held back since one was told. */
  held?: number
}>

/** Called for each firing, at once and before any is held back. Must return quickly; what it throws is dropped. */
export type OnAlert = (alert: Alert) => void

/** Rules that other parts of the server write down themselves; whatever is not here is a warning. */
const SEVERITY_OF: Readonly<Record<string, Severity>> = {
  dry_run: 'notice',
  limits_shared: 'notice',
  taint_shared: 'notice',
  kill_switch_on: 'notice',
  kill_switch_off: 'notice',
  kill_switch_broken: 'critical',
  limits_denied: 'critical',
  taint_denied: 'critical',
  taint_lost: 'critical',
  audit_unhealthy: 'critical',
  audit_interrupted: 'critical',
  audit_verify_failed: 'critical',
  canary_value: 'critical',
  canary_place: 'critical',
  canary_key: 'critical',
}

/** The alert that an `alert.raised` record stands for. */
export function alertOf(event: Omit<AuditEvent, 'type'>, at: number): Alert {
  const { rule = 'unnamed', err, server, tenant, caller, tool, call_id } = event
  return {
    rule,
    severity: SEVERITY_OF[rule] ?? 'warning',
    at,
    says: err ?? rule,
    ...(server === undefined ? {} : { server }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(caller === undefined ? {} : { caller }),
    ...(tool === undefined ? {} : { tool }),
    ...(call_id === undefined ? {} : { call_id }),
  }
}

/** The record of an alert. */
export function recordOf(alert: Alert): AuditEvent {
  const { severity: _severity, at: _at, held, says, ...names } = alert
  return {
    type: 'alert.raised',
    ...names,
    err: held === undefined ? says : `${says}; ${held} more were held back before`,
  }
}
