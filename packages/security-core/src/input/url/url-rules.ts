// The one table of reasons why a URL is refused: the word is stable and public, the sentence says what to change.
import { type Decision, deny } from '../../decision.ts'

export const URL_RULES = {
  length: 'a URL has at most 2048 characters',
  characters: 'control characters, white space, backslashes, quotes and angle brackets must be percent-encoded',
  scheme: 'only https:// is fetched',
  authority: 'after https:// comes a host and at most a port, spelled so that every parser reads the same',
  userinfo: 'a user name or password in a URL is not accepted',
  host: 'the host must be a public name of two labels or more, in ASCII (xn-- for other scripts), without a final dot',
  address: 'the host is not, or does not resolve to, a public address',
  port: 'this port is not open for this host',
  method: 'this method is not open for this place',
  path: 'this path is not open on this host',
  header: 'this request header is not open to callers',
  not_allowed: 'the host is not on the list that the operator allowed',
  redirect: 'the answer redirects too often, or to a place that cannot be read',
  robots: 'the robots.txt of this site does not allow this page, or could not be read',
} as const satisfies Record<string, string>

export type UrlRule = keyof typeof URL_RULES

/** The public sentence of a rule. It never holds a part of the URL or an address. */
export const sayUrlRule = (rule: UrlRule): string => `This URL is not allowed (${rule}): ${URL_RULES[rule]}`

/** A refusal with `url_denied`; `reason` goes to the audit trail. */
export const denyUrl = (rule: UrlRule, reason: string): Decision =>
  deny('url_denied', `${rule}: ${reason}`, { says: sayUrlRule(rule) })
