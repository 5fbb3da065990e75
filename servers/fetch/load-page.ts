// From URL to text: robots, redirects, body, charset and conversion, all under one deadline.
import type { OutboundAnswer, OutboundSession } from '@hardened-mcp/host/outbound'
import { Denial } from '@hardened-mcp/security-core/worker'
import { readBody } from './body.ts'
import { type Converted, convertPage } from './convert-page.ts'
import { decodeText } from './decode-text.ts'
import { type MediaType, mediaType } from './media-type.ts'
import type { Operation } from './operations.ts'
import { pdfText } from './pdf-text.ts'
import type { UrlJudge } from './policy.ts'
import { followRedirects } from './redirects.ts'
import type { RobotsRules } from './robots.ts'

/** What is kept of a page. `cut` says why the text ends before the page does. */
export type Page = Readonly<{
  final_url: string
  status: number
  hops: number
  redirects?: readonly string[]
  content_type: string
  content_length?: number
  last_modified?: string
  etag?: string
}> &
  Converted

export type LoadOptions = Readonly<{
  openSession: (stop: AbortSignal) => OutboundSession
  judge: UrlJudge
  robots: RobotsRules
  userAgent: string
  pdf: boolean
  /** The page as it is kept: the site is asked whether it has changed. */
  kept?: Page | undefined
  deadlineMs: number
}>

const HTML = 'text/html, application/xhtml+xml'
const ACCEPT = {
  markdown: `${HTML}, text/markdown, text/plain;q=0.9, application/json;q=0.9, */*;q=0.5`,
  text: `${HTML}, text/plain, application/json;q=0.9, */*;q=0.5`,
  html: `${HTML}, */*;q=0.5`,
  json: 'application/json, */*;q=0.5',
  links: `${HTML}, */*;q=0.5`,
  metadata: `${HTML}, */*;q=0.5`,
} as const
const MAX_VALIDATOR_CHARS = 200

/** Returns the page, or `kept` itself when it has not changed. Throws `Denial`. */
export async function loadPage(wanted: Operation, options: LoadOptions): Promise<Page> {
  const endsAt = performance.now() + options.deadlineMs
  const stop = AbortSignal.timeout(options.deadlineMs)
  const session = options.openSession(stop)
  try {
    const { kept, judge, robots, userAgent } = options
    const headers = { 'user-agent': userAgent, accept: ACCEPT[wanted.format], 'accept-encoding': 'gzip, br' }
    const conditional = kept === undefined ? undefined : { href: kept.final_url, headers: validatorsOf(kept) }
    const { url, answer, redirects } = await followRedirects(wanted.url, {
      ...{ session, judge, robots, headers, stop },
      ask: { tenant: wanted.tenant, method: wanted.method },
      own: ownHeaders(wanted),
      ...(wanted.method === 'POST' ? { body: wanted.body ?? '' } : {}),
      ...(conditional === undefined ? {} : { conditional }),
    })
    if (answer.status === 304 && kept !== undefined && conditional?.href === url.href) {
      answer.discard()
      return kept
    }
    const type = mediaType(answer.headers['content-type'])
    const page = await convert(answer, type, wanted, { base: url.href, endsAt, stop, pdf: options.pdf })
    const trail = redirects.length === 0 ? {} : { redirects }
    const facts = { final_url: url.href, status: answer.status, hops: redirects.length, ...trail }
    return { ...facts, content_type: type.essence, ...headerFacts(answer), ...page }
  } finally {
    session.close()
  }
}

type Context = Readonly<{ base: string; endsAt: number; stop: AbortSignal; pdf: boolean }>

async function convert(
  answer: OutboundAnswer,
  type: MediaType,
  wanted: Operation,
  context: Context,
): Promise<Converted> {
  if (wanted.method === 'HEAD') {
    answer.discard()
    return { text: '' }
  }
  if (type.kind === 'other' || (type.kind === 'pdf' && !context.pdf))
    throw new Denial('upstream_failed', `Content type ${type.essence}`, { says: SAYS_TYPE })
  const bytes = await readBody(answer, context.stop)
  if (bytes.length === 0 && answer.status >= 300)
    throw new Denial('upstream_failed', `Status ${answer.status} without a body`, {
      says: `The remote server answered with status ${answer.status} and no text`,
    })
  if (type.kind === 'pdf') return pdfText(bytes, context.endsAt)
  return convertPage(decodeText(bytes, type), type, wanted, context)
}

const ownHeaders = ({ headers = {}, method, body_type: type = 'application/json' }: Operation) => ({
  ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  ...(method === 'POST' ? { 'content-type': type } : {}),
})

// RFC 9110 §13.1: an entity tag says it better than a date.
function validatorsOf({ etag, last_modified }: Page): Readonly<Record<string, string>> {
  if (etag !== undefined) return { 'if-none-match': etag }
  return last_modified === undefined ? {} : { 'if-modified-since': last_modified }
}

const ETAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

function headerFacts({ headers }: OutboundAnswer): Pick<Page, 'content_length' | 'last_modified' | 'etag'> {
  const one = (name: string, form: RegExp) => {
    const value = headers[name]
    return typeof value === 'string' && value.length <= MAX_VALIDATOR_CHARS && form.test(value) ? value : undefined
  }
  const etag = one('etag', ETAG)
  const last_modified = one('last-modified', HTTP_DATE)
  const length = one('content-length', /^\d{1,15}$/)
  return {
    ...(length === undefined ? {} : { content_length: Number(length) }),
    ...(last_modified === undefined ? {} : { last_modified }),
    ...(etag === undefined ? {} : { etag }),
  }
}

const SAYS_TYPE = 'The remote server answered with something other than text, JSON or XML'
