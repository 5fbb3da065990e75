// Question: which host does this URL name, beyond doubt?
// Threat:   parser differentials: https://good\@evil, https:/evil, fullwidth dots, 0x7f.1, %2e, tabs: checked as one host, dialled as another.
// Rule:     https, exactly two slashes, an authority of plain host and port; the WHATWG parser must agree letter by letter, or it is refused.
// Limits:   says who is meant, not whether that host is public or allowed; nothing is repaired, decoded or guessed.
// Proof:    url-syntax.test.ts
import { isIPv4 } from 'node:net'
import { domainToUnicode } from 'node:url'
import type { UrlRule } from './url-rules.ts'

/** A URL that has one reading. `href` is the canonical text without fragment; `host` has no brackets. */
export type WebUrl = Readonly<{
  href: string
  host: string
  port: number
  kind: 'name' | 'ipv4' | 'ipv6'
}>

export type UrlReading = Readonly<{ ok: true; url: WebUrl }> | Readonly<{ ok: false; rule: UrlRule; reason: string }>

export const HTTPS_PORT = 443
const MAX_URL_CHARS = 2048

// C0, DEL, C1, every Unicode space, format and bidi controls, lone surrogates, noncharacters: two readers show or cut them differently.
const UNPRINTABLE = /[\p{C}\p{Z}]/u
const JOINERS = /(?<=[\p{L}\p{M}\p{S}])(?<![\x00-\x7f])[\u200c\u200d](?=[\p{L}\p{M}\p{S}])(?![\x00-\x7f])/gu // Persian, Hindi and emoji are spelled with them
const UNSAFE = /[\\"<>`]/ // WHATWG turns a backslash into a slash; RFC 3986 allows none of these
const HTTPS = /^https:\/\/(?![/\\])/i
const AUTHORITY_END = /[/?#]/
const HOST_AND_PORT = /^(?<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?<port>[1-9][0-9]{0,4}))?$/i // without `u`: the Kelvin sign is not a k

const refuse = (rule: UrlRule, reason: string): UrlReading => ({ ok: false, rule, reason })

/** Pure. Never throws. */
export function readUrl(text: string): UrlReading {
  if (text.length > MAX_URL_CHARS) return refuse('length', `${text.length} characters`)
  if (UNPRINTABLE.test(text.replace(JOINERS, '')) || UNSAFE.test(text)) return refuse('characters', 'unsafe character')
  if (!HTTPS.test(text)) return refuse('scheme', 'does not start with https:// and a host')
  const rest = text.slice('https://'.length)
  const end = rest.search(AUTHORITY_END)
  const authority = end < 0 ? rest : rest.slice(0, end)
  if (authority.includes('@')) return refuse('userinfo', 'at sign in the authority')
  const parts = HOST_AND_PORT.exec(authority)?.groups
  const host = parts?.['host']?.toLowerCase()
  if (host === undefined) return refuse('authority', 'not a plain host and port')
  return agree(text, host, Number(parts?.['port'] ?? HTTPS_PORT))
}

// The second reader: what it sees has to be what we saw.
function agree(text: string, host: string, port: number): UrlReading {
  if (port > 65535) return refuse('authority', 'port above 65535')
  if (!URL.canParse(text)) return refuse(host.startsWith('[') ? 'address' : 'host', 'the URL parser refuses it')
  const url = new URL(text)
  if (url.protocol !== 'https:' || url.username !== '' || url.password !== '')
    return refuse('authority', 'the URL parser sees another scheme or user information')
  if (Number(url.port || HTTPS_PORT) !== port) return refuse('authority', 'the URL parser sees another port')
  if (url.hostname !== host) return refuse(addressLike(url.hostname) ? 'address' : 'host', 'not the canonical spelling')
  // RFC 5891 §4.4: a label that claims to be Punycode and is none. One resolver takes it as it stands, another refuses it.
  if (host.includes('xn--') && domainToUnicode(host).split('.').some(isUndecoded))
    return refuse('host', 'xn-- without a meaning')
  url.hash = ''
  const bare = host.startsWith('[') ? host.slice(1, -1) : host
  const kind = bare !== host ? 'ipv6' : isIPv4(host) ? 'ipv4' : 'name'
  return { ok: true, url: Object.freeze({ href: url.href, host: bare, port, kind }) }
}

const addressLike = (hostname: string) => hostname.startsWith('[') || isIPv4(hostname)

const isUndecoded = (label: string) => label === '' || label.startsWith('xn--')
