// Question: may this URL be fetched?
// Threat:   SSRF and exfiltration: a URL that a page or a prompt made up, straight or through a redirect.
// Rule:     one reading of the URL, a public host or a named exception, and a place on the operator's list; an empty list allows nothing.
// Limits:   judges the text; the worker asks this same function again on every hop, and judges each address when it dials.
// Proof:    policy.test.ts
import {
  allow,
  type Decision,
  denyUrl,
  type Policy,
  publicHost,
  readUrl,
  type WebUrl,
} from '@hardened-mcp/security-core'
import { matchesHost, parseAllowEntry } from './allow-entry.ts'
import type { Operation } from './operations.ts'
import type { Resources } from './resources.ts'

export type UrlJudge = (text: string) => Readonly<{ decision: Decision; url?: WebUrl }>

/** Pure. Parses the operator's list once. */
export function urlJudge(granted: Pick<Resources, 'allow' | 'internal'>): UrlJudge {
  const entries = granted.allow.map(parseAllowEntry).filter((entry) => entry !== undefined)
  const isException = ({ host, port }: WebUrl) =>
    granted.internal.some((inside) => inside.host === host && inside.port === port)
  return function judge(text) {
    const reading = readUrl(text)
    if (!reading.ok) return { decision: denyUrl(reading.rule, reading.reason) }
    const { url } = reading
    if (isException(url)) return { decision: allow(), url }
    const decision = publicHost(url)
    if (decision.verdict !== 'allow') return { decision }
    const listed = entries.filter((entry) => matchesHost(entry, url))
    if (listed.length === 0) return { decision: denyUrl('not_allowed', `host ${url.host} is not on the list`) }
    if (!listed.some(({ port }) => port === url.port))
      return { decision: denyUrl('port', `port ${url.port} is not open for ${url.host}`) }
    return { decision: allow(), url }
  }
}

/** The policy of the pipeline: judged on the URL as it was given. */
export function listedUrls(granted: Resources): Policy<Operation> {
  const judge = urlJudge(granted)
  return (operation) => judge(operation.url).decision
}
