// Question: does what the callers do look like an attack, or like something that is broken?
// Threat:   a model that was taken over and tries what it may not; guessing of names and keys; a loop; an outage that nobody sees.
// Rule:     each rule of the table counts the events it selects, per verified caller or per server, and fires at its threshold; then it counts anew.
// Limits:   bounded memory: per rule the 4096 callers seen last, and a restart forgets all. It stops nothing: the quarantine does.
// Proof:    detector.test.ts, ordinary-day.test.ts
import type { Alert } from './alert.ts'
import type { AlertRule, Condition, Observation, Selector } from './rules.ts'
import { recent, slidingCounts } from './sliding-counts.ts'

const MOST_KEYS = 4_096
const MOST_KNOWN = 8 // whoever uses more places than that roams, or is a person: another one says nothing

/** Returns what fired. Pure but for its own counts; `at` of an alert is `now()`. */
export type Detector = Readonly<{ observe(event: Observation): readonly Alert[] }>

/** How many, when the rule fires. */
type Counter = (key: string, event: Observation, at: number) => number | undefined

export function detector(from: { rules: readonly AlertRule[]; now: () => number; mostKeys?: number }): Detector {
  const { rules, now, mostKeys = MOST_KEYS } = from
  const counters = rules.map((rule) => ({ rule, count: counterOf(rule, mostKeys) }))
  return {
    observe(event) {
      const at = now()
      return counters.flatMap(({ rule, count }) => {
        const key = keyOf(rule, event)
        const n = key === undefined ? undefined : count(key, event, at)
        return n === undefined ? [] : [alertOf(rule, event, n, at)]
      })
    },
  }
}

// A tenant is part of who somebody is: the same id elsewhere is somebody else.
function keyOf({ by }: AlertRule, { tenant, caller, server = '' }: Observation): string | undefined {
  if (by === 'server') return server
  return caller === undefined || tenant === undefined ? undefined : JSON.stringify([tenant, caller])
}

function selects({ types, codes, except, marked }: Selector, { type, rule = '', marks }: Observation): boolean {
  if (!types.includes(type) || (marked === true && marks === undefined)) return false
  return (codes === undefined || codes.includes(rule)) && except?.includes(rule) !== true
}

function counterOf({ on, condition }: AlertRule, mostKeys: number): Counter {
  if (condition.kind === 'share') return shareOf(on, condition, mostKeys)
  const counter = selectedCounter(condition, mostKeys)
  return (key, event, at) => (selects(on, event) ? counter(key, event, at) : undefined)
}

function selectedCounter(condition: Exclude<Condition, { kind: 'share' }>, mostKeys: number): Counter {
  if (condition.kind === 'each') return () => 1
  if (condition.kind === 'distinct') return distinctOf(condition, mostKeys)
  if (condition.kind === 'new') return newTo(condition, mostKeys)
  const { most, windowMs } = condition
  const counts = slidingCounts(windowMs, mostKeys)
  return (key, _event, at) => {
    const n = counts.add(key, at)
    if (n < most) return undefined
    counts.forget(key)
    return n
  }
}

function shareOf(on: Selector, { percent, of, windowMs, among }: Condition & { kind: 'share' }, most: number): Counter {
  const all = slidingCounts(windowMs, most)
  const some = slidingCounts(windowMs, most)
  return (key, event, at) => {
    if (!selects(among, event)) return undefined
    const whole = all.add(key, at)
    const part = selects(on, event) ? some.add(key, at) : some.total(key, at)
    if (whole < of || part * 100 < percent * whole) return undefined
    for (const counts of [all, some]) counts.forget(key)
    return Math.floor((part * 100) / whole)
  }
}

function distinctOf({ most, windowMs }: Condition & { kind: 'distinct' }, mostKeys: number): Counter {
  const seen = recent<Map<string, number>>(mostKeys)
  return (key, { tool = '', args = '' }, at) => {
    const things = seen.use(key, () => new Map())
    const thing = `${tool} ${args}`
    things.delete(thing)
    things.set(thing, at) // behind all others: the map stays in the order of time
    for (const [old, since] of things) if (at - since >= windowMs) things.delete(old)
    if (things.size < most) return undefined
    seen.forget(key)
    return things.size
  }
}

type Known = { since: number; uses: number; readonly used: Set<string> }

function newTo({ learnMs, uses, what }: Condition & { kind: 'new' }, mostKeys: number): Counter {
  const callers = recent<Known>(mostKeys)
  return (key, event, at) => {
    const known = callers.use(key, () => ({ since: at, uses: 0, used: new Set() }))
    const thing = `${event.server} ${event[what]}`
    known.uses += 1
    if (known.used.size > MOST_KNOWN || known.used.has(thing)) return undefined
    const isSettled = at - known.since >= learnMs && known.uses > uses
    known.used.add(thing)
    Object.assign(known, { since: at, uses: 0 })
    return isSettled ? 1 : undefined
  }
}

function alertOf({ name, severity, by, says }: AlertRule, event: Observation, n: number, at: number): Alert {
  const { server, tenant, caller, tool, call_id } = event
  const own = by === 'server' ? {} : { tenant, caller, tool, call_id }
  const names = Object.entries({ server, ...own }).filter(([, value]) => value !== undefined)
  return { rule: name, severity, at, says: says.replace('{n}', String(n)), ...Object.fromEntries(names) }
}
