// What the egress proxy says when it opens no tunnel: one status and one word, written here and read here, so that both ends agree.
import { Denial, sayUrlRule, URL_RULES, type UrlRule } from '@hardened-mcp/security-core/worker'
import { SAYS_UNREACHABLE, SAYS_UNRESOLVED } from './upstream-denial.ts'

/** `code` is a word of the URL rules, or one of the words below. It names no address and no reason. */
export type ProxyAnswer = Readonly<{ status: 400 | 403 | 405 | 502 | 503 | 504; code: string }>

export const REFUSAL_HEADER = 'x-egress-refusal'
const UNRESOLVED: ProxyAnswer = { status: 502, code: 'unresolved' }
const UNREACHABLE: ProxyAnswer = { status: 502, code: 'unreachable' }
const TIMED_OUT: ProxyAnswer = { status: 504, code: 'unreachable' }
const BROKEN: ProxyAnswer = { status: 503, code: 'internal' }

const isUrlRule = (word: string): word is UrlRule => Object.hasOwn(URL_RULES, word)

/** The answer that a denial of the guard stands for. */
export function answerTo(denial: Denial): ProxyAnswer {
  const rule = /^[a-z_]+/.exec(denial.message)?.[0] ?? ''
  if (denial.code === 'url_denied') return { status: 403, code: isUrlRule(rule) ? rule : 'not_allowed' }
  if (denial.code === 'timeout') return TIMED_OUT
  if (denial.code !== 'upstream_failed') return BROKEN
  return denial.says === SAYS_UNRESOLVED ? UNRESOLVED : UNREACHABLE
}

/** The denial that an answer of the proxy stands for: the one that the guard would have thrown here. */
export function denialOfAnswer(status: number, code: string): Denial {
  const reason = `The egress proxy answered ${status} ${code.slice(0, 40)}`
  if (status !== 403 || !isUrlRule(code))
    return new Denial('upstream_failed', reason, { says: code === 'unresolved' ? SAYS_UNRESOLVED : SAYS_UNREACHABLE })
  return new Denial('url_denied', `${code}: ${reason}`, { says: sayUrlRule(code) })
}
