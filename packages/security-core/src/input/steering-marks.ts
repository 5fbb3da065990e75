// Question: does this text try to steer a model?
// Threat:   instructions in a page, a row or a file that a model takes for its user's (OWASP LLM01).
// Rule:     phrases of 33 languages, folded as a model reads them; several that say parts of one order close together make a mark.
// Limits:   marks and never stops: a paraphrase passes, an attack that is quoted is marked. What a call may do is decided elsewhere.
// Proof:    steering-marks.test.ts
import { type Concept, CONCEPTS, type Phrases } from './phrases/phrases.ts'
import { EASTERN } from './phrases/eastern.ts'
import { ENGLISH } from './phrases/english.ts'
import { NORTHERN } from './phrases/northern.ts'
import { JOINED, SCRIPTS } from './phrases/scripts.ts'
import { WESTERN } from './phrases/western.ts'
import { type Phrase, phraseScanner } from './phrase-scanner.ts'
import { atOnce, type Steps } from '../steps.ts'
import { mayReadOtherwise, otherReadings } from './other-readings.ts'
import { hiddenSteps } from './text-as-read.ts'

/** What the text tries; `hidden_text` says that it holds writing which nobody sees. */
export type SteeringMark = keyof typeof RULES | 'forged_turn' | 'hidden_text'

type Rule = Readonly<{ all: readonly [Concept, ...Concept[]]; within: number; not?: Concept; order?: 'first' | 'last' }>

/** `within` counts characters from the end of the first to the end of the last; `order` says where the first of the list has to stand. */
const RULES = {
  override: [
    { all: ['disregard', 'prior', 'instruction'], within: 80, not: 'narrated' },
    { all: ['turn_away', 'prior', 'instruction'], within: 50, not: 'narrated', order: 'first' },
    { all: ['void', 'prior', 'instruction'], within: 50, order: 'last' },
  ],
  new_role: [{ all: ['become', 'unbound'], within: 120 }],
  prompt_leak: [{ all: ['reveal', 'yours', 'prompt'], within: 80 }],
  exfiltration: [
    { all: ['send', 'loot', 'place'], within: 200 },
    { all: ['send', 'loot', 'conceal'], within: 250 },
    { all: ['send', 'key', 'conceal'], within: 250 },
  ],
  concealment: [
    { all: ['conceal', 'tool'], within: 250 },
    { all: ['conceal', 'address'], within: 250 },
  ],
  addressed: [{ all: ['address', 'must'], within: 160 }],
} as const satisfies Record<string, readonly Rule[]>

const LANGUAGES: Readonly<Record<string, Phrases>> = { en: ENGLISH, ...WESTERN, ...NORTHERN, ...SCRIPTS, ...EASTERN }
// Addresses, names of keys and of tools are the same in every language.
const COMMON: ReadonlySet<Concept> = new Set(['place', 'key', 'tool'])

/** Names what `text` tries, in the order of the table. Pure, linear, never throws. */
export const steeringMarks = (text: string): readonly SteeringMark[] => {
  const marks = new Set<SteeringMark>()
  atOnce(markTexts([text], marks))
  return [...marks]
}

/** Adds to `marks` what each of the texts tries by itself. Cells of a table are judged one by one where something in their batch calls for it. */
export function* markTexts(texts: readonly string[], marks: Set<SteeringMark>): Steps<void> {
  for (let from = 0, to = 0; from < texts.length; from = to) {
    for (let units = 0; to < texts.length && units < UNITS_OF_A_BATCH; to++) {
      const { length } = texts[to] as string
      if (units > 0 && length >= UNITS_OF_A_BATCH) break // a long text is gone over by itself, in steps
      units += length
    }
    const batch = texts.slice(from, to)
    if (batch.length > 1) {
      const together = batch.join('\t') // a tab parts words, and is part of nothing that is looked for
      yield together.length
      if (!mayMark(together)) continue
    }
    for (const text of batch) yield* markText(text, marks)
  }
}

function* markText(text: string, marks: Set<SteeringMark>): Steps<void> {
  const hidden = HIDES.test(text) ? (yield* hiddenSteps(text)).map(({ spells }) => spells) : []
  if (hidden.some((spells) => spells.trim().length >= MIN_HIDDEN)) marks.add('hidden_text')
  for (const reading of [text, ...hidden, ...(yield* otherReadings(text))]) {
    if (TURNS.test(reading) && FORGED_TURN.test(reading)) marks.add('forged_turn')
    yield reading.length
    yield* scan(reading, marks)
  }
}

/** Holds for every text that would be marked, also where it stands among others between tabs. */
export function mayMark(text: string): boolean {
  if (HIDES.test(text) || TURNS.test(text) || mayReadOtherwise(text)) return true
  let holdsPhrase = false
  readyScanner()(text, () => {
    holdsPhrase = true
  })(text.length)
  return holdsPhrase
}

const UNITS_OF_A_BATCH = 1024
const HIDES = /[\ufe00-\ufe0f\udb40]/
const TURNS = /[<[\n]/
const MIN_HIDDEN = 4 // the shortest word worth hiding; two or three stray selectors are a mistake of an editor

// A turn of somebody else that ends, and one of the system that begins.
const FORGED_TURN = new RegExp(
  [
    '<\\|(?:im_end|eot_id|end|endoftext)\\|>\\s{0,8}<\\|(?:im_start|start_header_id|system|user)\\|>',
    '<end_of_turn>\\s{0,8}<start_of_turn>',
    '\\[/INST\\][^\\[]{0,80}\\[INST\\]',
    '</(?:document|article|context|data|tool_result|tool_output|function_results|result|untrusted-content|user_input|input|output|page|email|search_results)>\\s{0,8}(?:<[a-z_]{1,20}>|#{1,4} |\\*\\*|\\[)?\\s{0,4}(?:system|human|user|assistant|instructions?|developer)(?: ?[:>*]|\\*\\*)',
    '(?:^|\\n)\\s{0,8}(?:end of (?:document|article|data|user input|context|untrusted content))\\W{0,12}\\n\\s{0,8}\\W{0,6}(?:system|human|user|assistant|new instructions?)\\b',
  ].join('|'),
  'i',
)

type Compiled = Readonly<{
  mark: SteeringMark
  all: readonly number[]
  within: number
  not: number
  order: Rule['order']
}>

const place = (concept: Concept) => CONCEPTS.indexOf(concept)
const RULES_OF: readonly (readonly Compiled[])[] = CONCEPTS.map((concept) =>
  Object.entries(RULES).flatMap(([mark, rules]: [string, readonly Rule[]]) =>
    rules
      .filter(({ all }) => all.includes(concept))
      .map(({ all, within, not, order }) => ({
        ...{ mark: mark as SteeringMark, all: all.map(place), within, order },
        not: not === undefined ? -1 : place(not),
      })),
  ),
)
const NAMES = Object.keys(LANGUAGES)
const WIDTH = CONCEPTS.length
const EVERY = NAMES.length // the row of what is the same in every language
const NEVER = -1_000_000

const phrasesOf = (name: string, row: number): readonly Phrase[] =>
  Object.entries(LANGUAGES[name] ?? {}).flatMap(([concept, list]) =>
    list.split('|').map((text) => ({
      ...{ text, joined: JOINED.has(name) },
      tag: (name === 'en' && COMMON.has(concept as Concept) ? EVERY : row) * WIDTH + place(concept as Concept),
    })),
  )

const UNITS_OF_A_WALK = 8192

let scanner: ReturnType<typeof phraseScanner> | undefined // 20 ms to build, and not every server is asked

const readyScanner = () => (scanner ??= phraseScanner(NAMES.flatMap(phrasesOf)))

function* scan(text: string, marks: Set<SteeringMark>): Steps<void> {
  let judge: ReturnType<typeof judgeOf> | undefined // most texts hold no phrase, and need no table of them
  const walk = readyScanner()(text, (tag, at) => {
    judge ??= judgeOf(marks)
    judge(tag, at)
  })
  for (let upTo = 0; upTo < text.length; yield Math.min(text.length, UNITS_OF_A_WALK)) walk((upTo += UNITS_OF_A_WALK))
}

/** Where each phrase stood last, and what that makes. */
function judgeOf(marks: Set<SteeringMark>) {
  const last = new Int32Array((EVERY + 1) * WIDTH).fill(NEVER)
  const lastOf = (row: number, concept: number) =>
    Math.max(last[row * WIDTH + concept] ?? 0, last[EVERY * WIDTH + concept] ?? 0)
  const judgeRow = (row: number, concept: number, at: number) => {
    for (const { mark, all, within, not, order } of RULES_OF[concept] ?? []) {
      if (!all.every((each) => at - lastOf(row, each) <= within)) continue
      if (not >= 0 && at - lastOf(row, not) <= within) continue
      const [head = NEVER, ...others] = all.map((each) => lastOf(row, each))
      if (order === 'first' && others.some((each) => each < head)) continue
      if (order === 'last' && others.some((each) => each > head)) continue
      marks.add(mark)
    }
  }
  return (tag: number, at: number) => {
    const row = Math.floor(tag / WIDTH)
    last[tag] = at
    if (row !== EVERY) judgeRow(row, tag % WIDTH, at)
    else for (let each = 0; each < EVERY; each++) judgeRow(each, tag % WIDTH, at)
  }
}
