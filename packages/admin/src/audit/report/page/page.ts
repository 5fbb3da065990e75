// The whole report as one page that needs nothing else: no network, no font, no script but its own, which only filters and sorts.
import { createHash } from 'node:crypto'
import type { DirectoryVerdict } from '@hardened-mcp/host/admin'
import { type Aggregate, GROUPS, type Group } from '../aggregate.ts'
import { type keptRecords, kindOf } from '../kept-records.ts'
import type { Timeline } from '../timeline.ts'
import { recordOf } from '../../records.ts'
import { html, type Markup, shown } from './html.ts'
import { chosenNames, nameSection } from './names.ts'
import { alertSection, firstSeenSection, overview, refusalSection } from './overview.ts'
import { filterNames, recordsSection } from './records.ts'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'
import { verdictSection } from './verdict.ts'
import { number, time } from './words.ts'

export type PageFacts = Readonly<{
  dir: string
  verdict: DirectoryVerdict
  /** Whether anchors were given. */
  anchored: boolean
  told: Aggregate
  over: Timeline
  kept: ReturnType<typeof keptRecords>
  /** ISO date of the page itself. */
  madeAt: string
}>

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

// Only these two texts run or style anything: what got into the page otherwise would be dead text.
const POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const PLACES = [
  ['overview', 'Overview'],
  ['alerts', 'Alerts'],
  ['refusals', 'Refusals'],
  ['tools', 'Tools'],
  ['callers', 'Callers'],
  ['tenants', 'Tenants'],
  ['first-seen', 'First seen'],
  ['records', 'Records'],
] as const

export function page(facts: PageFacts): string {
  const head = html`<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>Audit report</title>`
  return `<!doctype html>
<html lang="en"><head>${head.text}<style>${STYLE}</style></head>
<body>${bodyOf(facts).text}<script>${SCRIPT}</script></body></html>
`
}

function bodyOf(facts: PageFacts): Markup {
  const { dir, verdict, anchored, told, over, kept, madeAt } = facts
  const span = over.span()
  const chosen = Object.fromEntries(GROUPS.map((group) => [group, chosenNames(told.by[group])])) as Record<
    Group,
    ReturnType<typeof chosenNames>
  >
  const namesOf = (group: Group) => chosen[group].map(([name]) => name)
  const records = kept.of({ tool: namesOf('tool'), caller: namesOf('caller'), tenant: namesOf('tenant') })
  const names = filterNames(records)
  const alerts = records.filter(({ line }) => kindOf(recordOf(line)) === 'alert')
  const sections = GROUPS.map((group) =>
    nameSection({
      ...{ group, told, span, chosen: chosen[group] },
      newestOf: (name) => kept.newestOf(group, name),
      filterOf: (name) => (names[group].includes(name) ? names[group].indexOf(name) : undefined),
      queryFor: (name) => queryOf(dir, group, name),
    }),
  )
  const range = told.from === undefined ? 'no records' : `${time(told.from)} to ${time(told.to ?? told.from)} UTC`
  return html`<a class="leap" href="#overview">To the figures</a><header><h1>Audit report</h1>
<p>${shown(dir)}: ${number(told.records)} records, ${range}</p></header>
<nav aria-label="Sections"><ul>${PLACES.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
<main>${verdictSection(verdict, anchored)}${overview(told, span)}${alertSection(told, alerts)}${refusalSection(told)}${sections}
${firstSeenSection(told)}${recordsSection(records, names, told.records)}</main>
<footer><p>Made ${time(madeAt)} UTC by <code>hardened-mcp audit report --html</code>. What the page shows was true of the trail then; the page itself proves nothing.
Latencies are read off a histogram: upper bounds, at most half as much again as the true value. <code>\\u</code> and four digits stand for a character that is not seen.</p></footer>`
}

// Only for names that a shell takes as they stand between quotes, and that are shown as they are.
function queryOf(dir: string, group: Group, name: string): string | undefined {
  if (!/^[ -[\]-~]*$/.test(`${dir}${name}`)) return undefined
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
  return `hardened-mcp audit query ${quoted(dir)} --${group}=${quoted(name)}`
}
