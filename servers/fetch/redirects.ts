// Question: is the next hop as allowed as the first?
// Threat:   a public page that answers 302 to loopback or metadata, to plain http, or to a host that is not on the list.
// Rule:     every hop is read, judged, looked up and dialled like the first, at most 5 of them; a Location is refused rather than mended.
// Limits:   sends no header that a caller gave, so there is nothing to keep from crossing an origin.
// Proof:    executor.test.ts
import type { OutboundAnswer, OutboundSession } from '@hardened-mcp/host/outbound'
import { denyUrl, must, type WebUrl } from '@hardened-mcp/security-core'
import type { UrlJudge } from './policy.ts'
import type { RobotsRules } from './robots.ts'

const MAX_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:/i
const UNSAFE = /[\p{C}\p{Z}\\]/u // the characters that a parser would drop or turn around while it resolves

export type Route = Readonly<{
  session: OutboundSession
  judge: UrlJudge
  robots?: RobotsRules
  headers: Readonly<Record<string, string>>
  stop: AbortSignal
}>

/** Returns the first answer that is no redirect. Throws `Denial`. */
export async function followRedirects(start: string, route: Route): Promise<{ url: WebUrl; answer: OutboundAnswer }> {
  let target = start
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const { decision, url } = route.judge(target)
    must(decision)
    if (url === undefined) throw new TypeError('A judge that allows must return the URL it read')
    await route.robots?.(url, route)
    const answer = await route.session.send({ url, headers: route.headers })
    const location = answer.headers['location']
    if (!REDIRECTS.has(answer.status) || location === undefined) return { url, answer }
    answer.discard()
    target = resolveLocation(location, url)
  }
  must(denyUrl('redirect', `more than ${MAX_REDIRECTS} redirects`))
  throw new TypeError('unreachable')
}

/** The absolute text of a Location, to be judged from the start. Only relative paths are joined; nothing is trimmed or mended. */
export function resolveLocation(header: string | readonly string[], from: WebUrl): string {
  if (typeof header !== 'string') must(denyUrl('redirect', 'more than one Location'))
  const location = Buffer.from(header as string, 'latin1').toString('utf8') // raw UTF-8 in a Location is common
  if (UNSAFE.test(location) || location === '') must(denyUrl('redirect', 'unsafe characters in Location'))
  if (HAS_SCHEME.test(location)) return location
  if (location.startsWith('//')) return `https:${location}`
  return new URL(location, from.href).href
}
