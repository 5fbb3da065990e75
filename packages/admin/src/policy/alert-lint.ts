// Question: do the alerts of this policy fire, do they stop what they should, and does anybody hear of them?
// Threat:   a threshold that no caller can reach, bait in a place that nobody can open, a caller who is stopped at night and nobody knows.
// Rule:     names rules of the `anomaly` section that the limits or the breaker keep from firing, bait that is never touched, and what acts unheard.
// Limits:   judges what the operator wrote, not the defaults; what a webhook does with an alert is not seen from here.
// Proof:    packages/admin/src/policy/alert-lint.test.ts
import { effectivePolicy, type PolicyFile } from '@hardened-mcp/host/admin'
import type { CountedRule } from '@hardened-mcp/security-core'
import type { Finding } from './lint.ts'
import { placesOf } from './rights.ts'

type Section = NonNullable<PolicyFile['anomaly']>

/** They count calls that passed the rate limit; refusals and failed logins come before it. */
const BEHIND_THE_LIMIT: readonly CountedRule[] = ['call_burst', 'injection_marks']

export function alertFindings(file: PolicyFile): readonly Finding[] {
  const section = file.anomaly
  if (section === undefined) return []
  return [...aboveTheLimit(file, section), ...besideTheBreaker(section), ...bait(file, section), ...unheard(section)]
}

const finding = (where: string, says: string): Finding => ({ rule: 'alerts', where: `anomaly.${where}`, says })

// Alerts are counted in each server, and so are limits.
function aboveTheLimit(file: PolicyFile, { rules }: Section): readonly Finding[] {
  const rates = Object.entries(file.servers).flatMap(
    ([name, section]) => effectivePolicy(name, section).limits.caller.rates.get('*') ?? [],
  )
  return BEHIND_THE_LIMIT.flatMap((rule) => {
    const set = rules[rule]
    if (set === undefined || set === 'off') return []
    const possible = Math.max(0, ...rates.map(({ perMinute, burst }) => burst + perMinute * set.minutes))
    if (set.most <= possible) return []
    const says = `never fires: rate_limits let a caller make ${possible} calls in ${minutes(set.minutes)}`
    return [finding(`rules.${rule}`, says)]
  })
}

function besideTheBreaker({ breaker, rules }: Section): readonly Finding[] {
  if (breaker.mode !== 'quarantine') return []
  if (rules.circuit_broken === 'off')
    return [finding('breaker', 'mode quarantine never acts: rules.circuit_broken is off')]
  const burst = rules.denial_burst
  if (burst === undefined || burst === 'off') return []
  const isLate = burst.most > breaker.denials && burst.minutes <= breaker.window_minutes
  const says = `never fires: after ${breaker.denials} refusals in ${minutes(breaker.window_minutes)} the breaker stops the caller`
  return isLate ? [finding('rules.denial_burst', says)] : []
}

function bait(file: PolicyFile, { canaries }: Section): readonly Finding[] {
  if (canaries === undefined) return []
  if (canaries.values.length + canaries.places.length === 0)
    return [finding('canaries', 'there is no bait: neither values nor places')]
  const names = Object.keys(file.servers).flatMap((server) => placesOf(file, server).map(({ name }) => name))
  return canaries.places
    .filter((place) => !names.some((name) => isWithin(place, name)))
    .map((place) => finding('canaries.places', `${place} is in no place that a server opens`))
}

// `root:/path`, `database` or `database.table`, `host/path`; a host may stand for those below it.
function isWithin(place: string, name: string): boolean {
  const [host = ''] = place.split(/[/:]/, 1)
  if (name === '*' || (name.startsWith('*.') && host.endsWith(name.slice(1)))) return true
  return place === name || [':', '.', '/'].some((sign) => place.startsWith(`${name}${sign}`))
}

function unheard({ breaker, canaries, rules, webhook }: Section): readonly Finding[] {
  if (webhook !== undefined) return []
  const says = 'makes callers wait, and without anomaly.webhook only log and trail say so'
  return [
    ...(breaker.mode === 'quarantine' && rules.circuit_broken !== 'off' ? [finding('breaker', says)] : []),
    ...(canaries?.action === 'quarantine' ? [finding('canaries', says)] : []),
  ]
}

const minutes = (count: number) => `${count} minute${count === 1 ? '' : 's'}`
