// Question: may this URL be fetched?
// Threat:   SSRF and exfiltration: a URL that a page or a prompt made up, straight or through a redirect.
// Rule:     one reading of the URL, a public host or a named exception, and a place on the caller's list with this method; an empty list allows nothing.
// Limits:   judges the text; the worker asks this same function again on every hop, and judges each address when it dials.
// Proof:    policy.test.ts
import { type Place, type PlaceFacts, placeLabel } from '@hardened-mcp/host'
import {
  allow,
  type Decision,
  denyUrl,
  type FlowOf,
  type Label,
  type Policy,
  publicHost,
  readUrl,
  type TenantScope,
  type WebUrl,
} from '@hardened-mcp/security-core/worker'
import {
  type AllowEntry,
  EVERY_TENANT,
  matchesHost,
  type Method,
  opensMethod,
  opensPath,
  opensTenant,
  parseAllowEntry,
  type Terms,
} from './allow-entry.ts'
import { callerHeaders } from './caller-headers.ts'
import type { Operation } from './operations.ts'
import type { AllowItem, Resources } from './resources.ts'

/** Who asks for what. `anyPath` is for robots.txt, which belongs to the host and not to a path of it. */
export type Ask = Readonly<{ tenant: TenantScope | typeof EVERY_TENANT; method: Method; anyPath?: boolean }>

/** `place` is the entry that `url` is judged by, as the operator wrote it; `label` says what comes from there, and what may go there. */
export type UrlJudge = (
  text: string,
  ask: Ask,
) => Readonly<{ decision: Decision; url?: WebUrl; label?: Label; place?: string }>

/** Pure. Parses the operator's list once. */
export function urlJudge(granted: Pick<Resources, 'allow' | 'internal'>): UrlJudge {
  const entries = granted.allow.flatMap(entriesOf)
  return function judge(text, ask) {
    const reading = readUrl(text)
    if (!reading.ok) return { decision: denyUrl(reading.rule, reading.reason) }
    const { url } = reading
    const inside = granted.internal.filter(({ host, port }) => host === url.host && port === url.port)
    if (inside.length > 0)
      return { decision: judgeTerms(inside, url, ask), url, label: labelOf(inside, url, INSIDE), place: url.host }
    const decision = publicHost(url)
    if (decision.verdict !== 'allow') return { decision }
    const listed = entries.filter(({ entry, terms }) => matchesHost(entry, url) && opensTenant(terms, ask.tenant))
    if (listed.length === 0) return { decision: denyUrl('not_allowed', `host ${url.host} is not on the list`) }
    const onPort = listed.filter(({ entry }) => entry.port === url.port)
    if (onPort.length === 0) return { decision: denyUrl('port', `port ${url.port} is not open for ${url.host}`) }
    const nearest = onPort.toSorted((a, b) => nearness(b.entry) - nearness(a.entry))
    const terms = nearest.map((each) => each.terms)
    const place = nearest[0]?.host ?? ''
    return { decision: judgeTerms(terms, url, ask), url, label: labelOf(terms, url, PAGES), place }
  }
}

const PAGES: Label = { integrity: 'untrusted', secrecy: 'public' } // anybody may have written the page
const INSIDE: Label = { integrity: 'untrusted', secrecy: 'private' } // and a host inside is not for everybody

// The entry that names the host most exactly speaks for its paths; one that says nothing leaves it to the next.
const labelOf = (terms: readonly Terms[], { href }: WebUrl, fallback: Label) =>
  placeLabel(terms.find((each) => each.label !== undefined && opensPath(each, new URL(href).pathname))?.label, fallback)

const nearness = ({ kind, host }: AllowEntry) => (kind === 'exact' ? Number.POSITIVE_INFINITY : host.length)

/** For the pipeline: what is fetched comes from the place that the request goes to. A redirect leads to none of another label. */
export function flow(granted: Resources): FlowOf<Operation> {
  const judge = urlJudge(granted)
  return function flow({ url, tenant, method }) {
    const { label = PAGES, place } = judge(url, { tenant, method })
    return { reads: label, into: label, places: place === undefined ? [] : [place] }
  }
}

/** Whatever is asked of a host is sent there: each is a way out. */
export const places = ({ allow, internal }: Pick<Resources, 'allow' | 'internal'>): readonly PlaceFacts[] => [
  ...allow
    .map((item) => (typeof item === 'string' ? { host: item, label: undefined } : item))
    .map(({ host, label }) => ({ name: host, label: placeLabel(label, PAGES), into: true })),
  ...internal.map(({ host, label }) => ({ name: host, label: placeLabel(label, INSIDE), into: true })),
]

/** For who sees hosts alone, as a proxy does: whether anybody may ask this host for anything. */
export function hostJudge(granted: Pick<Resources, 'allow' | 'internal'>): (text: string) => ReturnType<UrlJudge> {
  const judge = urlJudge(granted)
  return (text) => judge(text, { tenant: EVERY_TENANT, method: 'GET', anyPath: true })
}

/** The policies of the pipeline: judged on the URL and the headers as they were given. */
export function listedUrls(granted: Resources): Policy<Operation> {
  const judge = urlJudge(granted)
  return ({ url, tenant, method }) => judge(url, { tenant, method }).decision
}

export function listedHeaders(granted: Resources): Policy<Operation> {
  const judge = callerHeaders(granted.caller_headers)
  return ({ headers }) => judge(headers ?? {})
}

const entriesOf = (item: AllowItem) => {
  const { host, ...terms } = typeof item === 'string' ? { host: item } : item
  const entry = parseAllowEntry(host)
  return entry === undefined ? [] : [{ entry, host, terms: terms as Terms }]
}

// One entry has to open method and path together: two halves of two entries make no whole.
function judgeTerms(terms: readonly Terms[], url: WebUrl, { tenant, method, anyPath = false }: Ask): Decision {
  const { pathname } = new URL(url.href)
  const own = terms.filter((each) => opensTenant(each, tenant))
  if (own.length === 0) return denyUrl('not_allowed', `host ${url.host} is not open for this tenant`)
  if (anyPath) return allow()
  const onPath = own.filter((each) => opensPath(each, pathname))
  if (onPath.length === 0) return denyUrl('path', `the path is not open on ${url.host}`)
  if (onPath.some((each) => opensMethod(each, method))) return allow()
  return denyUrl('method', `${method} is not open there on ${url.host}`)
}

/** What an operation touches, for alerts and canaries: the host, and the page on it whatever its query. */
export const touches =
  () =>
  ({ url }: Operation): readonly Place[] => {
    const reading = readUrl(url)
    if (!reading.ok) return []
    return [{ within: reading.url.host, name: `${reading.url.host}${new URL(reading.url.href).pathname}` }]
  }
