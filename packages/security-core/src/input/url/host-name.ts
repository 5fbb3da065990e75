// Question: can this host name belong to a site on the public internet?
// Threat:   names that only mean something inside: localhost, metadata.google.internal, service.namespace.svc, a bare `intranet`.
// Rule:     two labels or more of a-z 0-9 - _, a last label of letters (or xn--), at most 253 characters, no reserved suffix.
// Limits:   a public-looking name may still resolve to a private address: the resolver's answer is judged when it is dialled.
// Proof:    host-name.test.ts

// RFC 6761, 6762, 7686, 8375, 9476, ICANN's private-use `internal`, and what home routers and clusters use without asking.
const RESERVED_SUFFIXES = [
  'localhost',
  'local',
  'internal',
  'home.arpa',
  'test',
  'invalid',
  'example',
  'onion',
  'alt',
  'lan',
  'intranet',
  'corp',
  'home',
  'private',
  'localdomain',
  'svc',
] as const

// Names of cloud metadata services outside the suffixes above.
const METADATA_NAMES: ReadonlySet<string> = new Set(['metadata.goog', 'metadata.tencentyun.com'])

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
const LAST_LABEL = /^(?:[a-z]{2,63}|xn--[a-z0-9-]{1,58}[a-z0-9])$/ // WHATWG "ends in a number": 1.0x7f would be an address
const MAX_NAME_CHARS = 253 // RFC 1035 §3.1

/** True for a lower-case name made of LDH labels and `_`: what every parser and resolver reads the same way. */
export function isPlainHostName(name: string): boolean {
  if (name.length > MAX_NAME_CHARS) return false
  return name.split('.').every((label) => LABEL.test(label))
}

/** True for a plain name that may be looked up in public DNS. */
export function isPublicHostName(name: string): boolean {
  const labels = name.split('.')
  if (labels.length < 2 || !isPlainHostName(name) || !LAST_LABEL.test(labels.at(-1) ?? '')) return false
  if (METADATA_NAMES.has(name)) return false
  return !RESERVED_SUFFIXES.some((suffix) => name === suffix || name.endsWith(`.${suffix}`))
}
