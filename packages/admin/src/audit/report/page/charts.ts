// Charts as inline SVG: only shapes, stretched to their place; what they say stands beside them as text.
import { callsOf, countOf, type Figures, OUTCOMES, type Outcome, quantile } from '../figures.ts'
import type { Series, Timeline } from '../timeline.ts'
import { duration, number, spanName, timeRange } from './words.ts'
import { html, type Markup } from './html.ts'

export type Span = NonNullable<ReturnType<Timeline['span']>>

const HEIGHT = 1_000 // of every chart, in its own units; a span is 10 wide
const STACK: readonly Outcome[] = OUTCOMES
export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  succeeded: 'succeeded',
  denied: 'denied',
  failed: 'failed',
  limited: 'rate limited',
}

/** Calls in each span, stacked by how they ended. */
export function callsChart(series: Series, span: Span, title: string): Markup {
  const most = mostOf(series, callsOf)
  const paths = STACK.map((outcome, level) => html`<path class="${outcome}" d="${bars(series, span, most, level)}"/>`)
  const keys = STACK.map((outcome) => html`<li><i class="${outcome}"></i> ${OUTCOME_WORDS[outcome]}</li>`)
  const perMinute = (most * 60_000) / span.widthMs
  const says = `at most ${number(most)} in ${spanName(span.widthMs)}, ${number(perMinute)} a minute`
  return chart({ title, says, top: number(most), span, shapes: paths, keys })
}

/** How long calls took in each span: what half of them and what 95 of 100 kept. */
export function latencyChart(series: Series, span: Span, title: string): Markup {
  const most = mostOf(series, (figures) => quantile(figures, 0.95) ?? 0)
  if (![...series.values()].some((figures) => quantile(figures, 0.5) !== undefined))
    return html`<p class="quiet">No call was timed.</p>`
  const lines = [
    ['p95', 0.95],
    ['p50', 0.5],
  ] as const
  const middle = duration(Math.round(Math.sqrt(most + 1) - 1)) // the scale is logarithmic: one timeout does not hide the rest
  const paths = lines.map(([name, q]) => html`<path class="line ${name}" d="${line(series, span, most, q)}"/>`)
  const keys = [html`<li><i class="p50"></i> half of the calls</li>`, html`<li><i class="p95"></i> 95 of 100</li>`]
  return chart({
    title,
    says: `95 of 100 calls took at most ${duration(most)}`,
    top: duration(most),
    middle,
    span,
    shapes: paths,
    keys,
  })
}

/** Calls over time without axes, for a row of a table. */
export function sparkline(series: Series, span: Span): Markup {
  const most = mostOf(series, callsOf)
  const paths = STACK.map((outcome, level) => html`<path class="${outcome}" d="${bars(series, span, most, level)}"/>`)
  return html`<svg class="spark" aria-hidden="true" focusable="false" viewBox="${viewBox(span)}" preserveAspectRatio="none">${paths}</svg>`
}

function chart(of: {
  title: string
  says: string
  top: string
  middle?: string
  span: Span
  shapes: Markup[]
  keys: Markup[]
}): Markup {
  const { title, says, top, middle = '', span, shapes, keys } = of
  const [from, to] = timeRange(span)
  return html`<figure class="chart"><figcaption>${title} <span class="quiet">${says}</span></figcaption>
<div class="plot"><span class="top">${top}</span><span class="middle">${middle}</span><span class="zero">0</span>
<svg role="img" aria-label="${`${title}: ${says}`}" viewBox="${viewBox(span)}" preserveAspectRatio="none"><path class="grid" d="M0 500H${width(span)}"/>${shapes}</svg>
<span class="from">${from}</span><span class="to">${to}</span></div><ul class="keys">${keys}</ul></figure>`
}

const width = ({ first, last }: Span) => 10 * (last - first + 1)
const viewBox = (span: Span) => `0 0 ${width(span)} ${HEIGHT}`

const mostOf = (series: Series, of: (figures: Figures) => number) =>
  [...series.values()].reduce((most, figures) => Math.max(most, of(figures)), 0)

/** The bars of one outcome, standing on those of the outcomes before it. */
function bars(series: Series, span: Span, most: number, level: number): string {
  const height = (count: number) => Math.round((count / Math.max(most, 1)) * HEIGHT)
  return inOrder(series)
    .map(([at, figures]) => {
      const below = STACK.slice(0, level).reduce((sum, outcome) => sum + countOf(figures, outcome), 0)
      const own = countOf(figures, STACK[level] ?? 'succeeded')
      if (own === 0) return ''
      const [foot, top] = [height(below), Math.max(height(below + own), height(below) + 12)] // one call in a thousand is seen
      return `M${(at - span.first) * 10 + 1} ${HEIGHT - foot}v${foot - top}h8v${top - foot}z`
    })
    .join('')
}

/** A level stretch for each span with timed calls. */
function line(series: Series, span: Span, most: number, q: number): string {
  let last = Number.NaN
  return inOrder(series)
    .map(([at, figures]) => {
      const value = quantile(figures, q)
      if (value === undefined) return ''
      const y = HEIGHT - Math.round((Math.log1p(value) / Math.log1p(Math.max(most, 1))) * HEIGHT)
      const move = last === at - 1 ? 'V' : `M${(at - span.first) * 10} `
      last = at
      return `${move}${y}h10`
    })
    .join('')
}

const inOrder = (series: Series) => [...series].toSorted(([one], [other]) => one - other)
