// Takes the text of an answer out of its block, and fails when the block is not exactly as promised.
import assert from 'node:assert/strict'

export type Wrapped = Readonly<{ text: string; untrusted: Readonly<{ boundary: string; origin: string }> }>

/** The answer with its bare text, without the label. */
export function unwrapped(answer: Wrapped): Record<string, unknown> {
  const { text, untrusted, ...others } = answer
  const { boundary, origin } = untrusted
  assert.match(boundary, /^[0-9a-f]{32}$/)
  const first = `<untrusted-content boundary="${boundary}" origin="${origin}">\n`
  const last = `\n</untrusted-content boundary="${boundary}">`
  assert.ok(text.startsWith(first) && text.endsWith(last), text.slice(0, 200))
  return { ...others, text: text.slice(first.length, -last.length) }
}
