// The rules by which a server notices that something is wrong: a table, read by `detector`.
import type { AuditEvent, AuditEventType } from '../audit/event.ts'
import type { Severity } from './alert.ts'

/** What the detector sees: every audit event, and before each execution the place that it goes to. */
export type Observation = Omit<AuditEvent, 'type'> &
  Readonly<{
    type: AuditEventType | 'place'
    /** A root, a database, a host: what the server calls the whole of which an operation touches a part. */
    place?: string
  }>

/** Events of these types; of those with a code, only `codes`, or all but `except`. */
export type Selector = Readonly<{
  types: readonly Observation['type'][]
  codes?: readonly string[]
  except?: readonly string[]
  /** Only calls whose arguments carried an injection pattern. */
  marked?: true
}>

/** Times are in milliseconds. A window slides in steps of a twentieth of its length. */
export type Condition =
  | Readonly<{ kind: 'each' }>
  | Readonly<{ kind: 'count'; most: number; windowMs: number }>
  /** `percent` of at least `of` events that `among` selects. */
  | Readonly<{ kind: 'share'; percent: number; of: number; windowMs: number; among: Selector }>
  | Readonly<{ kind: 'distinct'; most: number; windowMs: number; what: 'arguments' }>
  /** Something new, from a caller that for `learnMs` and over `uses` calls has used nothing new. */
  | Readonly<{ kind: 'new'; learnMs: number; uses: number; what: 'tool' | 'place' }>

export type AlertRule = Readonly<{
  name: string
  severity: Severity
  /** Whose events are counted together. Events without a verified caller never count for one. */
  by: 'caller' | 'server'
  on: Selector
  condition: Condition
  /** `{n}`: how many. */
  says: string
}>

const MINUTE = 60_000
const HOUR = 60 * MINUTE

// Not the caller's doing, or the very answer to what was noticed: these must not lead to more of it.
const NOT_A_REFUSAL = ['invalid_input', 'conflict', 'approval_required', 'quarantined', 'switched_off']
const REFUSALS: Selector = { types: ['tool_call.denied'], except: NOT_A_REFUSAL }
const OUTCOMES: Selector = {
  types: ['tool_call.success', 'tool_call.denied', 'tool_call.error'],
  except: ['quarantined', 'switched_off'],
}
// A fault of the server is none of its callers': an outage must not end in everybody's quarantine.
const SERVER_FAULTS = ['internal', 'timeout', 'upstream_failed', 'audit_unavailable', 'busy']
const CALLER_FAILURES: Selector = {
  types: ['tool_call.denied', 'tool_call.error'],
  except: ['quarantined', 'switched_off', 'approval_required', ...SERVER_FAULTS],
}

/** What the operator may set; times in minutes, shares in percent. */
export type BreakerSettings = Readonly<{
  denials: number
  percent: number
  of: number
  window_minutes: number
}>
export type CountSettings = Readonly<{ most: number; minutes: number }>

const BREAKER: BreakerSettings = { denials: 10, percent: 50, of: 20, window_minutes: 5 }

/** Rules whose threshold is a number of events in a time. */
export const COUNTED = {
  denial_burst: { most: 6, minutes: 1 },
  enumeration: { most: 50, minutes: 60 },
  call_burst: { most: 300, minutes: 1 },
  rate_limit_burst: { most: 30, minutes: 1 },
  mass_failures: { most: 20, minutes: 5 },
  login_failures: { most: 20, minutes: 5 },
  injection_marks: { most: 5, minutes: 10 },
} as const satisfies Record<string, CountSettings>
export type CountedRule = keyof typeof COUNTED

/** Rules that can only be left out. */
export const FIXED = ['circuit_broken', 'tainted', 'key_set_outage', 'first_seen_tool', 'first_seen_place'] as const

const LEARN = 8 * HOUR // a working day: what an agent does every day, it does in one

/** The table with the operator's thresholds. `off` names rules that are left out. */
export function alertRules(
  settings: Readonly<{
    breaker?: BreakerSettings
    counts?: Partial<Readonly<Record<CountedRule, CountSettings>>>
    off?: readonly string[]
  }> = {},
): readonly AlertRule[] {
  const breaker = settings.breaker ?? BREAKER
  const breakerMs = breaker.window_minutes * MINUTE
  const counted = (name: CountedRule) => {
    const { most, minutes } = settings.counts?.[name] ?? COUNTED[name]
    return { most, windowMs: minutes * MINUTE }
  }
  const count = (name: CountedRule) => ({ name, condition: { kind: 'count', ...counted(name) } }) as const
  const broken = { name: 'circuit_broken', severity: 'critical', by: 'caller' } as const
  const fresh = (what: 'tool' | 'place') => ({ kind: 'new', learnMs: LEARN, uses: 100, what }) as const
  const rules: readonly AlertRule[] = [
    {
      ...{ ...broken, on: REFUSALS, says: '{n} calls were refused' },
      condition: { kind: 'count', most: breaker.denials, windowMs: breakerMs },
    },
    {
      ...{ ...broken, on: CALLER_FAILURES, says: '{n} percent of the calls failed' },
      condition: { kind: 'share', percent: breaker.percent, of: breaker.of, windowMs: breakerMs, among: OUTCOMES },
    },
    {
      ...{ ...count('denial_burst'), severity: 'warning', by: 'caller', on: REFUSALS },
      says: '{n} calls were refused in a short time',
    },
    {
      ...{ name: 'enumeration', severity: 'warning', by: 'caller' },
      on: {
        types: ['tool_call.denied', 'tool_call.error'],
        codes: ['not_found', 'unknown_tool', 'path_denied', 'url_denied', 'sql_denied', 'policy_denied'],
      },
      condition: { kind: 'distinct', ...counted('enumeration'), what: 'arguments' },
      says: '{n} different things were asked for that are missing or refused',
    },
    {
      ...{ ...count('call_burst'), severity: 'warning', by: 'caller', on: { types: ['tool_call.request'] } },
      says: '{n} calls were made in a short time',
    },
    {
      ...{ ...count('rate_limit_burst'), severity: 'warning', by: 'caller', on: { types: ['rate_limit.hit'] } },
      says: '{n} calls were over their rate limit',
    },
    {
      ...{ ...count('mass_failures'), severity: 'warning', by: 'server' },
      on: { types: ['tool_call.error'], codes: SERVER_FAULTS },
      says: '{n} calls of all callers failed inside the server',
    },
    {
      ...{ ...count('login_failures'), severity: 'warning', by: 'server' },
      on: { types: ['auth.failure'], codes: ['invalid', 'invalid_proof', 'delegation'] },
      says: '{n} credentials were refused, beside those that were throttled',
    },
    {
      ...{ ...count('injection_marks'), severity: 'notice', by: 'caller' },
      on: { ...OUTCOMES, marked: true },
      says: '{n} calls carried text that tries to steer a model',
    },
    {
      ...{ name: 'tainted', severity: 'warning', by: 'caller', condition: { kind: 'each' } },
      on: { types: ['tool_call.denied'], codes: ['tainted'] },
      says: 'A call was refused that would have brought what was read before to where it must not go',
    },
    {
      ...{ name: 'key_set_outage', severity: 'warning', by: 'server', condition: { kind: 'each' } },
      on: { types: ['auth.failure'], codes: ['unavailable'] },
      says: 'An access token could not be judged, because the issuer is out of reach',
    },
    {
      ...{ name: 'first_seen_tool', severity: 'notice', by: 'caller', condition: fresh('tool') },
      on: { types: ['tool_call.request'] },
      says: 'A caller of settled habits used a tool for the first time',
    },
    {
      ...{ name: 'first_seen_place', severity: 'notice', by: 'caller', condition: fresh('place') },
      on: { types: ['place'] },
      says: 'A caller of settled habits went to a place for the first time',
    },
  ]
  return rules.filter(({ name }) => settings.off?.includes(name) !== true)
}
