// Question: do the arguments carry text that tries to steer a model?
// Threat:   instructions planted in an article, a ticket or a page that the model copies into a tool call (indirect prompt injection).
// Rule:     five well-known patterns and the phrases of steering-marks.ts are looked for in every string; the audit records name those found.
// Limits:   marks, never blocks: the words are legitimate in a question about them, and a paraphrase passes unseen.
// Proof:    injection-patterns.test.ts
import { atOnce, type Steps } from '../steps.ts'
import { markTexts, type SteeringMark } from './steering-marks.ts'
import { asRead } from './text-as-read.ts'

// At most 20 characters between the words, line breaks included: an article breaks its lines there.
// Bounded gaps keep each pattern linear in the length of the text.
const PATTERNS = {
  ignore_previous_instructions: /ignore[^]{0,20}previous[^]{0,20}instruction/i,
  forget_instructions: /forget[^]{0,20}(?:your|all)[^]{0,20}instruction/i,
  system_prompt: /system[^]{0,20}prompt/i,
  system_tag: /\[SYSTEM[\]:]/i,
  chat_markup: /<\|im_start\|>/i,
} as const satisfies Record<string, RegExp>

/** `unscanned` says that the arguments were larger than what is looked at. */
export type InjectionMark = keyof typeof PATTERNS | SteeringMark | 'unscanned'

const MAX_CHARS = 262_144 // more than any schema of the suite admits; a megabyte of padding is itself worth a mark
const MAX_VALUES = 10_000
const MAX_DEPTH = 16

/** Returns the names of the patterns found in the strings of `input`, keys included, in the order of the table. */
export const injectionMarks = (input: unknown): readonly InjectionMark[] => atOnce(injectionSteps(input))

/** The same in steps. */
export function* injectionSteps(input: unknown): Steps<readonly InjectionMark[]> {
  const left = { chars: MAX_CHARS, values: MAX_VALUES, whole: true }
  const texts: string[] = []
  collect(input, 0, texts, left)
  const looked = MAX_CHARS - left.chars
  const read: string[] = []
  for (const text of texts) {
    read.push(asRead(text))
    yield text.length
  }
  const names: InjectionMark[] = []
  for (const [name, pattern] of Object.entries(PATTERNS)) {
    if (read.some((text) => pattern.test(text))) names.push(name as InjectionMark)
    yield looked
  }
  const steering = new Set<SteeringMark>()
  yield* markTexts(texts, steering)
  const marks = [...names, ...steering]
  return left.whole ? marks : [...marks, 'unscanned']
}

function collect(
  value: unknown,
  depth: number,
  texts: string[],
  left: { chars: number; values: number; whole: boolean },
): void {
  if (depth > MAX_DEPTH || left.values <= 0) {
    left.whole = false
    return
  }
  left.values -= 1
  if (typeof value === 'string') {
    if (value.length > left.chars) left.whole = false
    const seen = value.slice(0, left.chars)
    left.chars -= seen.length
    texts.push(seen)
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, item] of Object.entries(value)) {
    if (!Array.isArray(value)) collect(key, depth + 1, texts, left)
    collect(item, depth + 1, texts, left)
  }
}
