// Question: is the next hop as allowed as the first?
// Threat:   a public page that answers 302 to loopback or metadata, to plain http, or to a host that is not on the list.
// Rule:     every hop is read, judged, looked up and dialled like the first, at most 5 of them; a Location is refused rather than mended.
// Limits:   headers of the caller and a posted body stay with the first origin, and never come back once it was left.
// Proof:    executor.test.ts
import type { OutboundAnswer, OutboundSession } from '@hardened-mcp/host/outbound'
import { CLEAN, denyUrl, labelText, must, type WebUrl } from '@hardened-mcp/security-core/worker'
import type { Method } from './allow-entry.ts'
import type { Ask, UrlJudge } from './policy.ts'
import type { RobotsRules } from './robots.ts'

const MAX_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const KEEPS_METHOD: ReadonlySet<number> = new Set([307, 308]) // RFC 9110 §15.4: the others turn a POST into a GET
const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:/i
const UNSAFE = /[\p{C}\p{Z}\\]/u // the characters that a parser would drop or turn around while it resolves

export type Route = Readonly<{
  session: OutboundSession
  judge: UrlJudge
  ask: Ask
  robots?: RobotsRules
  headers: Readonly<Record<string, string>>
  /** Of the caller: sent to the first origin only. */
  own?: Readonly<Record<string, string>>
  body?: string
  /** Asks the page that is kept under `href` whether it has changed. */
  conditional?: Readonly<{ href: string; headers: Readonly<Record<string, string>> }>
  stop: AbortSignal
}>

export type Arrival = Readonly<{ url: WebUrl; answer: OutboundAnswer; redirects: readonly string[] }>

/** Returns the first answer that is no redirect, and the URLs on the way. Throws `Denial`. */
export async function followRedirects(start: string, route: Route): Promise<Arrival> {
  const redirects: string[] = []
  let target = start
  let method: Method = route.ask.method
  let own = { headers: route.own ?? {}, body: route.body }
  let origin: string | undefined
  let place: string | undefined
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const { decision, url, label } = route.judge(target, { ...route.ask, method })
    must(decision)
    if (url === undefined) throw new TypeError('A judge that allows must return the URL it read')
    place ??= labelText(label ?? CLEAN)
    // What was cleared was a place of one label: an inner page may not send its reader out with what it knows, nor a public one in.
    if (labelText(label ?? CLEAN) !== place) must(denyUrl('redirect', 'it leads to a place with another label'))
    const here = new URL(url.href).origin
    origin ??= here
    if (here !== origin) {
      if (method === 'POST') must(denyUrl('redirect', 'a posted body would go to another origin'))
      own = { headers: {}, body: undefined }
    }
    if (hop > 0) redirects.push(url.href)
    await route.robots?.(url, route)
    const conditional = route.conditional?.href === url.href ? route.conditional.headers : {}
    const answer = await route.session.send({
      url,
      method,
      headers: { ...route.headers, ...own.headers, ...conditional },
      ...(own.body === undefined ? {} : { body: own.body }),
    })
    const location = answer.headers['location']
    if (!REDIRECTS.has(answer.status) || location === undefined) return { url, answer, redirects }
    answer.discard()
    if (method === 'POST' && !KEEPS_METHOD.has(answer.status)) {
      method = 'GET'
      own = { headers: withoutType(own.headers), body: undefined }
    }
    target = resolveLocation(location, url)
  }
  must(denyUrl('redirect', `more than ${MAX_REDIRECTS} redirects`))
  throw new TypeError('unreachable')
}

const withoutType = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-type'))

/** The absolute text of a Location, to be judged from the start. Only relative paths are joined; nothing is trimmed or mended. */
export function resolveLocation(header: string | readonly string[], from: WebUrl): string {
  if (typeof header !== 'string') must(denyUrl('redirect', 'more than one Location'))
  const location = Buffer.from(header as string, 'latin1').toString('utf8') // raw UTF-8 in a Location is common
  if (UNSAFE.test(location) || location === '') must(denyUrl('redirect', 'unsafe characters in Location'))
  if (HAS_SCHEME.test(location)) return location
  if (location.startsWith('//')) return `https:${location}`
  return new URL(location, from.href).href
}
