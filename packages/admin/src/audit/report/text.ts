// A report as text in ASCII, and as one line of JSON.
import type { DirectoryVerdict } from '@hardened-mcp/host/admin'
import { asciiOnly } from '../records.ts'
import { type Aggregate, GROUPS, type NameFigures } from './aggregate.ts'
import { callsOf, countOf, type Figures, longestOf, OUTCOMES, quantile } from './figures.ts'

const SHOWN_FIRST = 10

const VERDICTS = [
  'pass',
  'FAIL: a trail was altered',
  'ERROR: a trail could not be read',
  'NOT ESTABLISHED: nothing proves the end of a trail',
] as const

/** Latencies are upper bounds in ms, of calls that were not refused. */
export function asJson(told: Aggregate, verdict: DirectoryVerdict): object {
  const { all, by, used: _, firstSeen, refusals, alerts, marks, ...plain } = told
  return {
    ...plain,
    latency_ms: latency(all.total),
    by: Object.fromEntries(GROUPS.map((group) => [group, objectOf(by[group], tally)])),
    refusals: objectOf(refusals),
    alerts: objectOf(alerts),
    marks: objectOf(marks),
    first_seen: firstSeen,
    verification: verdict,
  }
}

function objectOf<Value>(map: ReadonlyMap<string, Value>, as: (value: Value) => unknown = (value) => value): object {
  const object = Object.create(null) as Record<string, unknown> // a tool or caller may have any name
  for (const [name, value] of map) object[name] = as(value)
  return object
}

const tally = ({ total, first_seen, last_seen }: NameFigures) => ({
  calls: callsOf(total),
  ...Object.fromEntries(OUTCOMES.map((outcome) => [outcome, countOf(total, outcome)])),
  latency_ms: latency(total),
  first_seen,
  last_seen,
})

const latency = (figures: Figures) => ({
  p50: quantile(figures, 0.5),
  p95: quantile(figures, 0.95),
  longest: longestOf(figures),
})

/** Names are printed as JSON texts in ASCII: what a caller chose cannot move the cursor of a terminal. */
export function asText(told: Aggregate, { exitCode, slots }: DirectoryVerdict): string {
  const lines = [
    `records: ${told.records}${told.from === undefined ? '' : `, ${told.from} to ${told.to}`}`,
    `verification: ${VERDICTS[exitCode]}`,
    ...slots.filter((slot) => 'reason' in slot).map((slot) => `  ${slot.file}: ${'reason' in slot ? slot.reason : ''}`),
    `failed log-ins: ${told.failed_logins}`,
    `alerts: ${counted(told.alerts)}`,
    `refusals: ${counted(told.refusals)}`,
  ]
  for (const group of GROUPS) {
    lines.push('', `${`by ${group}`.padEnd(34)}   calls      ok  denied  failed limited  p50 ms  p95 ms  first seen`)
    const names = [...told.by[group]].toSorted(([, one], [, other]) => callsOf(other.total) - callsOf(one.total))
    for (const [name, { total, first_seen }] of names) {
      const counts = [callsOf(total), ...OUTCOMES.map((outcome) => countOf(total, outcome))]
      const figures = [...counts, quantile(total, 0.5) ?? '-', quantile(total, 0.95) ?? '-']
      lines.push(`${ascii(name).padEnd(34)}${figures.map((n) => String(n).padStart(8)).join('')}  ${first_seen}`)
    }
  }
  lines.push(
    '',
    `first seen: ${told.firstSeen.length}${told.firstSeen.length > SHOWN_FIRST ? `, the newest ${SHOWN_FIRST}` : ''}`,
  )
  for (const { kind, name, tool, at } of told.firstSeen.slice(0, SHOWN_FIRST))
    lines.push(`  ${at}  ${kind.padEnd(15)}  ${ascii(name)}${tool === undefined ? '' : ` called ${ascii(tool)}`}`)
  return lines.join('\n')
}

const counted = (counts: ReadonlyMap<string, number>) =>
  [...counts].map(([name, many]) => `${ascii(name)} ${many}`).join(', ') || 'none'

const ascii = (text: string) => asciiOnly(JSON.stringify(text).slice(1, -1))
