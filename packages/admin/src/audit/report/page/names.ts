// Tools, callers and tenants: a table of each, and behind each name its figures over time and its newest records.
import type { Aggregate, Group, NameFigures } from '../aggregate.ts'
import { callsOf, countOf, longestOf, quantile, refusedOf } from '../figures.ts'
import type { KeptRecord } from '../kept-records.ts'
import { recordOf } from '../../records.ts'
import { callsChart, latencyChart, type Span, sparkline } from './charts.ts'
import { html, type Markup, shown } from './html.ts'
import { recordLink } from './records.ts'
import { table } from './table.ts'
import { duration, number, share, time } from './words.ts'

export type Named = readonly [name: string, figures: NameFigures]
export type NameFacts = Readonly<{
  group: Group
  told: Aggregate
  chosen: readonly Named[]
  span: Span | undefined
  newestOf: (name: string) => readonly KeptRecord[]
  /** The number under which the filter of the records knows a name. */
  filterOf: (name: string) => number | undefined
  queryFor: (name: string) => string | undefined
}>

const TITLES: Readonly<Record<Group, string>> = { tool: 'Tools', caller: 'Callers', tenant: 'Tenants' }
const BUSIEST = 15
const REFUSED = 10 // beside the busiest: somebody who tries doors makes few calls
const LISTED = 10

/** The names with most calls, and then those with most refusals. */
export function chosenNames(names: ReadonlyMap<string, NameFigures>): readonly Named[] {
  const byCalls = [...names].toSorted(([, one], [, other]) => callsOf(other.total) - callsOf(one.total))
  const rest = byCalls.slice(BUSIEST).toSorted(([, one], [, other]) => refusedOf(other.total) - refusedOf(one.total))
  return [...byCalls.slice(0, BUSIEST), ...rest.slice(0, REFUSED)]
}

export function nameSection(facts: NameFacts): Markup {
  const { group, told, chosen } = facts
  const all = told.by[group].size
  const caption =
    all === chosen.length
      ? `${number(all)}, by calls`
      : `${chosen.length} of ${number(all)}: the ${BUSIEST} with most calls, and ${REFUSED} of the others with most refusals`
  const columns = [
    TITLES[group].slice(0, -1),
    'Over time',
    'Calls',
    'Denied',
    'Failed',
    'Rate limited',
    'Per minute',
    'p50',
    'p95',
    'Longest',
  ]
  const rows = chosen.map((named, at) => rowOf(facts, named, at))
  const list = rows.length === 0 ? html`<p>None.</p>` : table({ caption, columns, rows })
  return html`<section id="${group}s" aria-labelledby="${group}s-h"><h2 id="${group}s-h">${TITLES[group]}</h2>
${list}${chosen.map((named, at) => detailOf(facts, named, at))}</section>`
}

function rowOf({ group, span }: NameFacts, [name, { total, over }]: Named, at: number) {
  const calls = callsOf(total)
  const counted = (['denied', 'failed', 'limited'] as const).map((outcome) => {
    const many = countOf(total, outcome)
    return { show: many === 0 ? '0' : `${number(many)} (${share(many, calls)})`, sort: many }
  })
  const perMinute = span === undefined ? 0 : calls / minutesOf(span)
  const times = [quantile(total, 0.5), quantile(total, 0.95), longestOf(total)]
  return [
    { show: html`<a href="#${group}-${at}">${shown(name)}</a>` },
    { show: span === undefined || over === undefined ? '–' : sparkline(over, span) },
    { show: number(calls), sort: calls },
    ...counted,
    { show: number(perMinute), sort: perMinute },
    ...times.map((ms) => ({ show: duration(ms), sort: ms ?? -1 })),
  ]
}

const minutesOf = ({ widthMs, first, last }: Span) => ((last - first + 1) * widthMs) / 60_000

function detailOf(facts: NameFacts, [name, figures]: Named, at: number): Markup {
  const { group, span, told, newestOf, filterOf, queryFor } = facts
  const id = `${group}-${at}`
  const { over, rules } = figures
  const query = queryFor(name)
  const charts =
    span === undefined || over === undefined
      ? html`<p class="quiet">Over time only the first 1,000 names of a group are counted.</p>`
      : html`<div class="pair">${callsChart(over, span, 'Calls')}${latencyChart(over, span, 'Latency')}</div>`
  return html`<section class="drill" id="${id}" tabindex="-1" aria-labelledby="${id}-h"><h3 id="${id}-h">${shown(name)}</h3>
<p>${number(callsOf(figures.total))} calls, ${number(refusedOf(figures.total))} of them refused or failed. First ${time(figures.first_seen)}, last ${time(figures.last_seen)} UTC.
<a href="#${group}s">Back to ${TITLES[group].toLowerCase()}</a></p>${charts}
<div class="lists">${listOf('Refusals', [...rules])}${listOf(group === 'tool' ? 'Callers' : 'Tools', usesOf(told, group, name))}
<div><h4>Newest records</h4><ul class="plain">${newestOf(name).map((kept) => html`<li>${recordLink(kept)} ${whatOf(kept)}</li>`)}</ul>
<p><a href="#records" data-only="${group}" data-value="${filterOf(name) ?? ''}">All that this page holds</a></p></div></div>
${query === undefined ? '' : html`<p>Every record: <code>${query}</code></p>`}</section>`
}

function whatOf({ line }: KeptRecord): Markup {
  const { type, rule } = recordOf(line)
  return html`${type} ${rule === undefined ? '' : shown(rule)}`
}

function listOf(title: string, counts: readonly (readonly [string, number])[]): Markup {
  const most = counts.toSorted(([, one], [, other]) => other - one).slice(0, LISTED)
  if (most.length === 0) return html``
  const said = most.length < counts.length ? `${title}: ${most.length} of ${number(counts.length)}` : title
  return html`<div><h4>${said}</h4><ul class="plain">${most.map(([name, many]) => html`<li>${shown(name)} <b>${number(many)}</b></li>`)}</ul></div>`
}

function usesOf({ used }: Aggregate, group: Group, name: string): readonly (readonly [string, number])[] {
  if (group === 'tenant') return []
  const uses =
    group === 'caller'
      ? [...(used.get(name) ?? [])].map(([tool, { calls }]) => [tool, calls] as const)
      : [...used].map(([caller, tools]) => [caller, tools.get(name)?.calls ?? 0] as const)
  return uses.filter(([, calls]) => calls > 0)
}
