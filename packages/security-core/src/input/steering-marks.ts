// Question: does this text try to steer a model?
// Threat:   instructions in a page, a row or a file that a model takes for its user's (OWASP LLM01; seed 39.1, scenarios 1 and 2).
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
import { otherReadings } from './other-readings.ts'
import { hiddenIn } from './text-as-read.ts'

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
export function steeringMarks(text: string): readonly SteeringMark[] {
  const marks = new Set<SteeringMark>()
  const hidden = /[\ufe00-\ufe0f\udb40]/.test(text) ? hiddenIn(text).map(({ spells }) => spells) : []
  if (hidden.some((spells) => spells.trim().length >= MIN_HIDDEN)) marks.add('hidden_text')
  for (const reading of [text, ...hidden, ...otherReadings(text)]) {
    if (FORGED_TURN.test(reading)) marks.add('forged_turn')
    scan(reading, marks)
  }
  return [...marks]
}

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

let scanner: ReturnType<typeof phraseScanner> | undefined // 20 ms to build, and not every server is asked

function scan(text: string, marks: Set<SteeringMark>): void {
  scanner ??= phraseScanner(NAMES.flatMap(phrasesOf))
  const last = new Int32Array((EVERY + 1) * WIDTH).fill(NEVER)
  const lastOf = (row: number, concept: number) =>
    Math.max(last[row * WIDTH + concept] ?? 0, last[EVERY * WIDTH + concept] ?? 0)
  const judge = (row: number, concept: number, at: number) => {
    for (const { mark, all, within, not, order } of RULES_OF[concept] ?? []) {
      const places = all.map((each) => lastOf(row, each))
      const [head = NEVER, ...others] = places
      if (!places.every((each) => at - each <= within) || (not >= 0 && at - lastOf(row, not) <= within)) continue
      if (order === 'first' && others.some((each) => each < head)) continue
      if (order === 'last' && others.some((each) => each > head)) continue
      marks.add(mark)
    }
  }
  scanner(text, (tag, at) => {
    const row = Math.floor(tag / WIDTH)
    last[tag] = at
    if (row !== EVERY) judge(row, tag % WIDTH, at)
    else for (let each = 0; each < EVERY; each++) judge(each, tag % WIDTH, at)
  })
}
