// How figures, times and durations read on a page and in the text of a report.
import type { Span } from './charts.ts'

/** 1234567 as 1,234,567; a small fraction keeps one digit. */
export const number = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 })

/** Of `ms`, a bound: `12 ms`, `1.5 s`. */
export const duration = (ms: number | undefined): string =>
  ms === undefined ? '–' : ms < 1_000 ? `${ms} ms` : `${number(ms / 1_000)} s`

export const share = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${((100 * part) / whole).toFixed(part > 0 && part / whole < 0.1 ? 1 : 0)} %`

/** 2026-05-01T12:00:00.123Z as 2026-05-01 12:00:00. */
export const time = (iso: string): string => iso.slice(0, 19).replace('T', ' ')

export const timeRange = ({ widthMs, first, last }: Span): readonly [string, string] => [
  axisTime(first * widthMs, widthMs),
  axisTime((last + 1) * widthMs, widthMs),
]

const axisTime = (ms: number, widthMs: number) => time(dateOf(ms)).slice(0, widthMs % 60_000 === 0 ? 16 : 19)

export const dateOf = (ms: number): string => new Date(Math.min(ms, 253_402_300_799_999)).toISOString()

const UNITS = [
  ['week', 604_800_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** The width of a span in words: `5 minutes`. */
export function spanName(widthMs: number): string {
  const [unit, ms] = UNITS.find(([, ms]) => widthMs % ms === 0) ?? ['second', 1_000]
  const many = widthMs / ms
  return many === 1 ? `one ${unit}` : `${many} ${unit}s`
}
