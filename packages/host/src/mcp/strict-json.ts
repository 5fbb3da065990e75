// Question: do we read the same message as every other reader of these bytes?
// Threat:   duplicate keys, of which two parsers take different ones (CVE-2026-27896 and its kind); nesting that exhausts a stack.
// Rule:     UTF-8 without errors, one JSON object, no key twice in an object, at most 32 levels.
// Limits:   keys in another case are other keys; the protocol schemas refuse those. Lengths are bounded before.
// Proof:    strict-json.test.ts

const MAX_DEPTH = 32 // MCP messages nest about 8 deep; arguments of our tools 2

/** Returns the parsed object; throws `SyntaxError` with a fixed sentence. */
export function strictJson(bytes: Uint8Array): Record<string, unknown> {
  const text = decode(bytes)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new SyntaxError('The message is not JSON')
  }
  if (Array.isArray(value)) throw new SyntaxError('Batches are not supported')
  if (typeof value !== 'object' || value === null) throw new SyntaxError('The message is not a JSON object')
  assertUnambiguous(text)
  return value as Record<string, unknown>
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new SyntaxError('The message is not UTF-8')
  }
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g // of valid JSON: strings and punctuation; the rest needs no look

// `text` is known to be valid JSON, so one pass over its tokens is enough: a string before a colon is a key.
function assertUnambiguous(text: string): void {
  const open: (Set<string> | undefined)[] = [] // keys of each open object; undefined for an array
  let last = ''
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      if (open.push(token === '{' ? new Set() : undefined) > MAX_DEPTH)
        throw new SyntaxError(`The message nests deeper than ${MAX_DEPTH}`)
    } else if (token === '}' || token === ']') open.pop()
    else if (token === ':') {
      const keys = open.at(-1) as Set<string>
      const key = JSON.parse(last) as string // escapes decoded: "a" and "\u0061" are one key
      if (keys.has(key)) throw new SyntaxError('The message has a key twice')
      keys.add(key)
    }
    last = token
  }
}
