// Figures over time in a bounded number of equal spans: when the time that is covered grows, spans are joined.
import { addFigures, type Figures, noFigures } from './figures.ts'

/** Figures by the number of their span, counted from the epoch. */
export type Series = Map<number, Figures>

export type Timeline = Readonly<{
  /** The series whose spans are joined with the others'. */
  series(): Series
  /** The figures of the span of `ms`, a time in milliseconds since the epoch. */
  figuresAt(series: Series, ms: number): Figures
  /** `first` and `last` are numbers of spans; `undefined` before the first figure. */
  span(): Readonly<{ widthMs: number; first: number; last: number }> | undefined
}>

export const MAX_SPANS = 120

const S = 1_000
const MINUTE = 60 * S
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const WEEK = 7 * DAY
// Each width divides the next, so that whole spans are joined. Times lie between 1970 and 9999.
const WIDTHS_MS = [
  ...[S, 5 * S, 10 * S, 30 * S],
  ...[MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE],
  ...[HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY],
  ...[WEEK, 4 * WEEK, 16 * WEEK, 64 * WEEK, 256 * WEEK, 1_024 * WEEK, 4_096 * WEEK],
]

export function timeline(): Timeline {
  const tracked: Series[] = []
  let level = 0
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY

  const width = () => WIDTHS_MS[level] ?? Number.POSITIVE_INFINITY
  const spanOf = (ms: number) => Math.floor(ms / width())

  function widen(): void {
    const before = width()
    level += 1
    const ratio = width() / before
    for (const series of tracked) join(series, ratio)
  }

  return {
    series() {
      const series: Series = new Map()
      tracked.push(series)
      return series
    },
    figuresAt(series, ms) {
      from = Math.min(from, ms)
      to = Math.max(to, ms)
      while (spanOf(to) - spanOf(from) >= MAX_SPANS) widen()
      return figuresIn(series, spanOf(ms))
    },
    span: () => (to < from ? undefined : { widthMs: width(), first: spanOf(from), last: spanOf(to) }),
  }
}

function join(series: Series, ratio: number): void {
  const parts = [...series]
  series.clear()
  for (const [span, figures] of parts) addFigures(figuresIn(series, Math.floor(span / ratio)), figures)
}

function figuresIn(series: Series, span: number): Figures {
  const known = series.get(span)
  if (known !== undefined) return known
  const figures = noFigures()
  series.set(span, figures)
  return figures
}
