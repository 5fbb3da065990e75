// Question: is this answer text that can be shown?
// Threat:   binary formats whose parsers are large, and SVG, which is a program as much as a picture.
// Rule:     text/*, JSON and XML types other than SVG; everything else, and a missing type, is refused; PDF is for who turned it on.
// Limits:   believes the header; the bytes are only ever decoded as text, whatever they are.
// Proof:    executor.test.ts

export type MediaType = Readonly<{ essence: string; kind: 'html' | 'text' | 'pdf' | 'other'; charset?: string }>

const ESSENCE = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/ // RFC 9110 §8.3.1, as far as registered types go
const CHARSET = /;\s*charset\s*=\s*"?([a-z0-9_:.-]{1,40})/i
const HTML: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml'])
const TEXT =
  /^(?:text\/.+|application\/(?:[a-z0-9!#$&^_.+-]+\+)?(?:json|xml)|application\/(?:x-ndjson|jsonl|yaml|x-yaml|javascript|toml))$/

export function mediaType(header: string | readonly string[] | undefined): MediaType {
  const [first = '', ...others] = (Array.isArray(header) ? header : [header]) as (string | undefined)[]
  const essence = (first ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (others.length > 0 || !ESSENCE.test(essence)) return { essence: 'unknown', kind: 'other' }
  const charset = CHARSET.exec(first ?? '')?.[1]
  return { essence, kind: kindOf(essence), ...(charset === undefined ? {} : { charset }) }
}

function kindOf(essence: string): MediaType['kind'] {
  if (HTML.has(essence)) return 'html'
  if (essence === 'application/pdf') return 'pdf'
  return TEXT.test(essence) && !essence.includes('svg') ? 'text' : 'other'
}
