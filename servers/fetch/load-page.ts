// From URL to text: robots, redirects, body, charset and conversion, all under one deadline.
import type { OutboundSession } from '@hardened-mcp/host/outbound'
import { Denial } from '@hardened-mcp/security-core'
import { readBody } from './body.ts'
import { type MediaType, mediaType } from './media-type.ts'
import { decodeText } from './decode-text.ts'
import { htmlToText } from './markdown.ts'
import type { Operation } from './operations.ts'
import type { UrlJudge } from './policy.ts'
import { followRedirects } from './redirects.ts'
import type { RobotsRules } from './robots.ts'

/** What is kept of a page. `cut` says why the text ends before the page does. */
export type Page = Readonly<{
  final_url: string
  status: number
  content_type: string
  title?: string
  text: string
  dropped?: Readonly<Record<string, number>>
  cut?: 'bytes' | 'depth'
}>

export type LoadOptions = Readonly<{
  openSession: (stop: AbortSignal) => OutboundSession
  judge: UrlJudge
  robots: RobotsRules
  userAgent: string
  deadlineMs: number
}>

const ACCEPT = {
  markdown: 'text/html, application/xhtml+xml, text/markdown, text/plain;q=0.9, application/json;q=0.9, */*;q=0.5',
  text: 'text/html, application/xhtml+xml, text/plain, application/json;q=0.9, */*;q=0.5',
  html: 'text/html, application/xhtml+xml, */*;q=0.5',
  json: 'application/json, */*;q=0.5',
} as const

export async function loadPage(wanted: Operation, options: LoadOptions): Promise<Page> {
  const endsAt = performance.now() + options.deadlineMs
  const stop = AbortSignal.timeout(options.deadlineMs)
  const session = options.openSession(stop)
  try {
    const headers = { 'user-agent': options.userAgent, accept: ACCEPT[wanted.format], 'accept-encoding': 'gzip, br' }
    const { url, answer } = await followRedirects(wanted.url, { ...options, session, headers, stop })
    const type = mediaType(answer.headers['content-type'])
    const status = answer.status
    if (type.kind === 'other') throw new Denial('upstream_failed', `Content type ${type.essence}`, { says: SAYS_TYPE })
    const bytes = await readBody(answer, stop)
    if (bytes.length === 0 && status >= 300)
      throw new Denial('upstream_failed', `Status ${status} without a body`, {
        says: `The remote server answered with status ${status} and no text`,
      })
    const source = decodeText(bytes, type)
    const text = convert(source, type, wanted.format, { base: url.href, endsAt })
    return { final_url: url.href, status, content_type: type.essence, ...text }
  } finally {
    session.close()
  }
}

type Converted = Pick<Page, 'title' | 'text' | 'dropped' | 'cut'>

function convert(
  source: string,
  type: MediaType,
  format: Operation['format'],
  context: { base: string; endsAt: number },
): Converted {
  if (format === 'json') return { text: requireJson(source) }
  if (type.kind !== 'html' || format === 'html') return { text: source }
  return htmlToText(source, { ...context, markup: format === 'markdown' })
}

function requireJson(source: string): string {
  try {
    JSON.parse(source)
    return source
  } catch {
    throw new Denial('upstream_failed', 'Body is not JSON', { says: 'The remote server did not answer with JSON' })
  }
}

const SAYS_TYPE = 'The remote server answered with something other than text, JSON or XML'
