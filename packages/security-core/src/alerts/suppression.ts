// Question: can a flood of alerts bury the one that matters, or the person who reads them?
// Threat:   an attacker, or one broken agent, that makes a rule fire a thousand times.
// Rule:     the same rule about the same caller is told once in ten minutes, one rule at most 20 times in ten minutes; the next told says how many were held.
// Limits:   each rule has its own room, so that no rule can hold back another; a change of the server's own state is told each time within it. What is held back is counted, in counters and in the next alert.
// Proof:    suppression.test.ts
import type { Alert } from './alert.ts'
import { recent } from './sliding-counts.ts'

const QUIET_MS = 600_000
const PER_RULE = 20
const MOST_KEYS = 4_096
const MOST_RULES = 256 // names from the code; bounded all the same

type Room = { since: number; told: number; held: number; last: Alert }

export type Suppression = Readonly<{
  /** The alert as it is to be told, or `undefined` when it is only counted. `isChange`: no repetition of the last one. */
  admit(alert: Alert, isChange?: boolean): Alert | undefined
  /** Of each rule whose time is over, one alert for what was held back and never told. */
  due(): readonly Alert[]
}>

export function suppression(now: () => number): Suppression {
  const toldAt = recent<{ at: number }>(MOST_KEYS)
  const rooms = recent<Room>(MOST_RULES)
  const names = new Set<string>()
  const isOver = (since: number, at: number) => Math.abs(at - since) >= QUIET_MS // also when the clock was set back
  const settled = (room: Room, alert: Alert): Alert => {
    const { held } = room
    room.held = 0
    return held === 0 ? alert : { ...alert, held }
  }
  return {
    admit(alert, isChange = false) {
      const at = now()
      const { rule, server, tenant, caller, tool } = alert
      const key = JSON.stringify([rule, server, tenant, caller, rule.startsWith('first_seen') ? tool : ''])
      const told = toldAt.use(key, () => ({ at: Number.NEGATIVE_INFINITY }))
      const room = rooms.use(rule, () => ({ since: at, told: 0, held: 0, last: alert }))
      names.add(rule)
      if (isOver(room.since, at)) Object.assign(room, { since: at, told: 0 })
      room.last = alert
      const isSame = !isChange && !isOver(told.at, at)
      if (isSame || room.told >= PER_RULE) {
        room.held += 1
        return undefined
      }
      told.at = at
      room.told += 1
      return settled(room, alert)
    },
    due() {
      const at = now()
      return [...names].flatMap((rule) => {
        const room = rooms.get(rule)
        if (room === undefined || room.held === 0 || !isOver(room.since, at)) return []
        const { severity, server } = room.last
        const held = room.held
        Object.assign(room, { since: at, told: 1, held: 0 })
        const says = `${held} more alerts of this rule were held back`
        return [{ rule, severity, at, says, ...(server === undefined ? {} : { server }) }]
      })
    },
  }
}
