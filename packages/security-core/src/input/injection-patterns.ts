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

const LONGEST_MATCH = 96 // characters, the gaps counted
const PIECE = 8_192
const MOST_OF_A_PIECE = 2 * PIECE

// One character can be read as 18 (U+FDFA), so it is done by pieces. Before ASCII nothing hidden is cut and nothing composes:
// the pieces read like the whole, but where there is none for 8 192 characters.
function* piecesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const ahead = text.slice(at + PIECE, at + MOST_OF_A_PIECE).search(/[ -~]/)
    const end = at + (ahead < 0 ? MOST_OF_A_PIECE : PIECE + ahead)
    yield text.slice(at, end)
    at = end
  }
}

/** Returns the names of the patterns found in the strings of `input`, keys included, in the order of the table. */
export const injectionMarks = (input: unknown): readonly InjectionMark[] => atOnce(injectionSteps(input))

/** The same in steps. */
export function* injectionSteps(input: unknown): Steps<readonly InjectionMark[]> {
  const left = { chars: MAX_CHARS, values: MAX_VALUES, whole: true }
  const texts: string[] = []
  collect(input, 0, texts, left)
  const found = new Set<string>()
  for (const text of texts) {
    let read = ''
    for (const piece of piecesOf(text)) {
      read = read.slice(-LONGEST_MATCH) + asRead(piece)
      for (const [name, pattern] of Object.entries(PATTERNS)) if (pattern.test(read)) found.add(name)
      yield read.length
    }
  }
  const names = Object.keys(PATTERNS).filter((name) => found.has(name)) as InjectionMark[]
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
