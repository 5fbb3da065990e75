// The page's first look: totals, calls and latency over time, alerts, refusals, and what was seen for the first time.
import type { Aggregate } from '../aggregate.ts'
import { callsOf, countOf, type Figures, longestOf, OUTCOMES, quantile } from '../figures.ts'
import type { KeptRecord } from '../kept-records.ts'
import { callsChart, latencyChart, OUTCOME_WORDS, type Span } from './charts.ts'
import { recordOf } from '../../records.ts'
import { html, type Markup, shown } from './html.ts'
import { recordLink } from './records.ts'
import { table } from './table.ts'
import { dateOf, duration, number, share, spanName, time } from './words.ts'

const SHOWN_ALERTS = 20
export const SHOWN_FIRST = 40

export function overview(told: Aggregate, span: Span | undefined): Markup {
  const { total, over } = told.all
  const alerts = sum(told.alerts)
  const tiles: readonly (readonly [name: string, value: string, look: string])[] = [
    ['Calls', number(callsOf(total)), ''],
    ...OUTCOMES.slice(1).map((outcome) => {
      const many = countOf(total, outcome)
      return [`Calls ${OUTCOME_WORDS[outcome]}`, `${number(many)} (${share(many, callsOf(total))})`, ''] as const
    }),
    ['Alerts', number(alerts), alerts > 0 ? 'loud' : ''],
    ['Failed log-ins', number(told.failed_logins), told.failed_logins > 0 ? 'loud' : ''],
    ['Half of the calls took', atMost(quantile(total, 0.5)), ''],
    ['95 of 100 took', atMost(quantile(total, 0.95)), ''],
    ['The longest took', duration(longestOf(total)), ''],
    ['New names and pairs', number(told.firstSeen.length), ''],
  ]
  return html`<section id="overview" aria-labelledby="overview-h"><h2 id="overview-h">Overview</h2>
<dl class="tiles">${tiles.map(([name, value, look]) => html`<div class="${look}"><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${span === undefined || over === undefined ? html`<p>No call in this time.</p>` : charts(over, span)}</section>`
}

const atMost = (ms: number | undefined) => (ms === undefined ? '–' : `≤ ${duration(ms)}`)
const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((all, many) => all + many, 0)

function charts(over: ReadonlyMap<number, Figures>, span: Span): Markup {
  const series = new Map(over)
  const columns = ['From, UTC', 'Calls', ...OUTCOMES.map((outcome) => OUTCOME_WORDS[outcome]), 'p50', 'p95']
  const rows = [...series]
    .toSorted(([one], [other]) => one - other)
    .map(([at, figures]) => [
      { show: time(dateOf(at * span.widthMs)) },
      ...[callsOf(figures), ...OUTCOMES.map((outcome) => countOf(figures, outcome))].map((many) => ({
        show: number(many),
        sort: many,
      })),
      ...[0.5, 0.95].map((q) => ({ show: duration(quantile(figures, q)), sort: quantile(figures, q) ?? -1 })),
    ])
  const every = `Spans of ${spanName(span.widthMs)} with calls`
  return html`<div class="pair">${callsChart(series, span, 'Calls')}${latencyChart(series, span, 'Latency')}</div>
<details><summary>The same as a table</summary>${table({ caption: every, columns, rows })}</details>`
}

/** `alerts` are the newest, the newest first. */
export function alertSection(told: Aggregate, alerts: readonly KeptRecord[]): Markup {
  const newest = alerts.slice(0, SHOWN_ALERTS)
  const rows = newest.map((kept) => {
    const { rule, caller, tool, err } = recordOf(kept.line)
    const texts = [rule, caller, tool, err].map((text) => ({ show: text === undefined ? '–' : shown(text) }))
    return [{ show: recordLink(kept) }, ...texts]
  })
  const caption = `The newest ${newest.length} of ${number(sum(told.alerts))}`
  const lists =
    rows.length === 0
      ? html`<p>None.</p>`
      : html`${counts('Alerts by rule', told.alerts)}${table({ caption, columns: ['When, UTC', 'Rule', 'Caller', 'Tool', 'Reason'], rows })}`
  return html`<section id="alerts" aria-labelledby="alerts-h"><h2 id="alerts-h">Alerts</h2>${lists}</section>`
}

export function refusalSection(told: Aggregate): Markup {
  const marks =
    told.marks.size === 0
      ? ''
      : html`<div>${counts('Injection patterns in arguments: marks, not verdicts', told.marks)}</div>`
  const rules =
    told.refusals.size === 0 ? html`<p>None.</p>` : counts('Refused and failed calls by rule', told.refusals)
  return html`<section id="refusals" aria-labelledby="refusals-h"><h2 id="refusals-h">Refusals</h2><div class="pair"><div>${rules}</div>${marks}</div></section>`
}

function counts(caption: string, of: ReadonlyMap<string, number>): Markup {
  const rows = [...of]
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, many]) => [{ show: shown(name) }, { show: number(many), sort: many }, { show: share(many, sum(of)) }])
  return table({ caption, columns: ['Name', 'Count', 'Share'], rows })
}

export function firstSeenSection({ firstSeen }: Aggregate): Markup {
  const newest = firstSeen.slice(0, SHOWN_FIRST)
  const rows = newest.map(({ kind, name, tool, at }) => [
    { show: tool === undefined ? shown(name) : html`${shown(name)} called ${shown(tool)}` },
    { show: kind },
    { show: time(at) },
  ])
  const caption = `The newest ${newest.length} of ${number(firstSeen.length)}, against the whole trail`
  const list =
    rows.length === 0 ? html`<p>Nothing new.</p>` : table({ caption, columns: ['Name', 'What', 'Since, UTC'], rows })
  return html`<section id="first-seen" aria-labelledby="first-h"><h2 id="first-h">First seen</h2>
<p class="quiet">With --since, what the trail had before then is not new.</p>${list}</section>`
}
