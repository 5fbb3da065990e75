// Question: where does the text of a stranger begin and end?
// Threat:   a page that closes the quotation itself and goes on in the voice of the tool (indirect prompt injection).
// Rule:     every text stands in a block whose two lines carry 128 random bits of this call, and the origin it came from.
// Limits:   a label, not a wall: a model may still be talked into things. Title and metadata stand outside, as untrusted.
// Proof:    untrusted-block.test.ts
import { randomBytes } from 'node:crypto'

export type Untrusted = Readonly<{ boundary: string; origin: string }>

export const BLOCK_BYTES = 512 // more than both lines need, whatever the origin

/** A new boundary that does not occur in `text`. `random` is there for tests. */
export function untrustedBlock(
  text: string,
  origin: string,
  random: () => string = () => randomBytes(16).toString('hex'),
): Readonly<{ text: string; untrusted: Untrusted }> {
  let boundary = random()
  while (text.includes(boundary)) boundary = random()
  const first = `<untrusted-content boundary="${boundary}" origin="${origin}">`
  return { text: `${first}\n${text}\n</untrusted-content boundary="${boundary}">`, untrusted: { boundary, origin } }
}
