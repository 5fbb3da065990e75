// The records that a page holds, each behind one line, and the filters over them.
import { type KeptRecord, kindOf, KEPT } from '../kept-records.ts'
import { GROUPS } from '../aggregate.ts'
import { recordOf } from '../../records.ts'
import { html, inAscii, type Markup, shown } from './html.ts'
import { number, time } from './words.ts'

const FILTERS = [...GROUPS, 'rule'] as const
type Filter = (typeof FILTERS)[number]
/** The names of each filter; their places are what the page compares. */
export type FilterNames = Readonly<Record<Filter, readonly string[]>>

const KIND_WORDS = {
  alert: 'alerts',
  refused: 'refused or failed calls',
  login: 'failed log-ins',
  operator: 'configuration, approvals, reviews, pruning',
  any: 'everything else',
} as const

export const recordId = ({ slot, seq }: KeptRecord) => `r-${slot}-${seq}`

/** Opens the record where it stands in the list. */
export const recordLink = (kept: KeptRecord): Markup =>
  html`<a href="#${recordId(kept)}">${time(recordOf(kept.line).ts)}</a>`

export function filterNames(records: readonly KeptRecord[]): FilterNames {
  const parsed = records.map(({ line }) => recordOf(line))
  const namesOf = (filter: Filter) => [...new Set(parsed.flatMap((record) => record[filter] ?? []))].toSorted()
  return { tool: namesOf('tool'), caller: namesOf('caller'), tenant: namesOf('tenant'), rule: namesOf('rule') }
}

export function recordsSection(records: readonly KeptRecord[], names: FilterNames, total: number): Markup {
  const numbers = FILTERS.map((filter) => new Map(names[filter].map((name, at) => [name, at])))
  return html`<section id="records" aria-labelledby="records-h"><h2 id="records-h">Records</h2>
<p>${number(records.length)} of ${number(total)}: the newest ${KEPT.alert} alerts, ${KEPT.refused} refused or failed calls, ${KEPT.login} failed log-ins,
${KEPT.operator} acts of operators, ${KEPT.any} of any kind, and ${KEPT.name} of each name above. <code>hardened-mcp audit query</code> prints the others.</p>
<form id="filter" role="search" aria-label="Records" hidden>
<label>Text <input type="search" name="text" autocomplete="off"></label>
<label>Kind <select name="kind"><option value="">all</option>${Object.entries(KIND_WORDS).map(([kind, words]) => html`<option value="${kind}">${words}</option>`)}</select></label>
${FILTERS.map((filter) => selectOf(filter, names[filter]))}
<button type="reset">Show all</button> <output id="count" role="status"></output></form>
<ol class="records">${records.map((kept) => itemOf(kept, numbers))}</ol></section>`
}

const selectOf = (filter: Filter, names: readonly string[]): Markup =>
  html`<label>${`${filter.charAt(0).toUpperCase()}${filter.slice(1)}`} <select name="${filter}"><option value="">all</option>
${names.map((name, at) => html`<option value="${at}">${name === '' ? '(empty)' : name}</option>`)}</select></label>`

function itemOf(kept: KeptRecord, numbers: readonly ReadonlyMap<string, number>[]): Markup {
  const record = recordOf(kept.line)
  const kind = kindOf(record)
  const marks = FILTERS.map((filter, at) => {
    const place = numbers[at]?.get(record[filter] ?? '')
    return record[filter] === undefined || place === undefined ? html`` : html` data-${filter}="${place}"`
  })
  const said = [record.tool, record.caller, record.tenant].map(
    (name) => html`<span>${name === undefined ? '' : shown(name)}</span>`,
  )
  return html`<li data-kind="${kind}"${marks}><details><summary class="${kind}"><span><time datetime="${record.ts}">${time(record.ts)}</time></span>
<span class="type">${record.type}</span>${said}<span>${record.rule === undefined ? '' : shown(record.rule)}</span></summary>
<dl class="record" id="${recordId(kept)}" tabindex="-1">${fieldsOf(kept)}</dl></details></li>`
}

function fieldsOf(kept: KeptRecord): readonly Markup[] {
  const fields: readonly (readonly [string, unknown])[] = [['slot', kept.slot], ...Object.entries(recordOf(kept.line))]
  return fields.map(([name, value]) => {
    const text = String(value)
    const spelled = /^[ -~]*$/.test(text) ? '' : html` ${inAscii(text)}`
    return html`<div><dt>${name}</dt><dd>${typeof value === 'number' ? text : shown(text)}${spelled}</dd></div>`
  })
}
