// Which alert rules watch a caller, in words: the table of the core with the operator's thresholds.
import { alertRulesOf, type PolicyFile } from '@hardened-mcp/host/admin'
import type { AlertRule } from '@hardened-mcp/security-core'

const MINUTE_MS = 60_000

/** One line for each rule that counts this caller's calls, for the bait, and for how far the counts reach. */
export function watching(file: PolicyFile): readonly string[] {
  const { anomaly: section, limits } = file
  const stopped = section?.breaker.mode === 'quarantine' ? section.breaker.quarantine_minutes : undefined
  const rules = alertRulesOf(section)
    .filter(({ by }) => by === 'caller')
    .map((rule) => {
      const then = rule.name === 'circuit_broken' && stopped !== undefined ? `; the caller waits ${stopped} min` : ''
      return `${rule.name}: ${threshold(rule)}${then}`
    })
  const bait = section?.canaries
  const baited =
    bait === undefined ? [] : [`canaries: ${bait.values.length} values, ${bait.places.length} places; ${bait.action}`]
  const replicas = limits?.shared?.replicas ?? 1
  const apart = replicas > 1 ? `: each of ${replicas} replicas counts and stops for itself` : ''
  return [...rules, ...baited, `counts and quarantines are of one server process and end with it${apart}`]
}

function threshold({ condition, on }: AlertRule): string {
  const within = 'windowMs' in condition ? ` in ${condition.windowMs / MINUTE_MS} min` : ''
  if (condition.kind === 'each') return 'each time'
  if (condition.kind === 'new')
    return `a new ${condition.what} after ${condition.uses} calls over ${condition.learnMs / 3_600_000} h without one`
  if (condition.kind === 'share') return `${condition.percent} % failed of at least ${condition.of} calls${within}`
  if (condition.kind === 'distinct') return `${condition.most} different arguments refused or missing${within}`
  return `${condition.most} x ${on.types.join(' or ')}${on.marked === true ? ' with marks' : ''}${within}`
}
