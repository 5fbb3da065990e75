// Question: what does a model read where a person sees this text?
// Threat:   instructions in characters without a shape (tags, selectors, fillers), or in letters of another script that look Latin.
// Rule:     NFKC; tag characters and runs of selectors become the text they spell, the rest of what has no shape goes, and is told.
// Limits:   the look-alikes are a table of the common ones, for comparing only; what a word means is for others to judge.
// Proof:    text-as-read.test.ts
import { atOnce, type Steps } from '../steps.ts'

/** `at` counts UTF-16 units; `spells` is what a run of tags or selectors says in ASCII or UTF-8, and empty for the others. */
export type Hidden = Readonly<{ kind: HiddenKind; at: number; length: number; spells: string }>
export type HiddenKind = 'tags' | 'selectors' | 'bidi' | 'zero_width' | 'filler' | 'control'

/** England, Scotland, Wales: the only tag sequences in the list of emoji (UTS #51, RGI). Any other flag could spell a message. */
export const FLAG =
  /\u{1F3F4}\u{E0067}\u{E0062}(?:\u{E0065}\u{E006E}\u{E0067}|\u{E0073}\u{E0063}\u{E0074}|\u{E0077}\u{E006C}\u{E0073})\u{E007F}/u

// In the order of the groups below.
const KINDS: readonly HiddenKind[] = ['tags', 'selectors', 'bidi', 'zero_width', 'filler', 'control']
const RUNS = [
  /[\u{E0000}-\u{E007F}]+/u,
  // One selector shapes the character before it; a second one only carries bits (any byte string fits behind one emoji).
  /(?<=[\ufe00-\ufe0f\u{E0100}-\u{E01EF}])[\ufe00-\ufe0f\u{E0100}-\u{E01EF}]+|(?<!\p{Ideographic})[\u{E0100}-\u{E01EF}]+/u,
  /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/u,
  // Joiners belong to emoji and to scripts that join; beside a Latin letter they only break a word for who compares it.
  /[\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff]+|(?<=\p{Script=Latin})[\u200c\u200d]+|[\u200c\u200d]+(?=\p{Script=Latin})|[\u200c\u200d]{4,}/u,
  // Hangul and Khmer fillers, the braille blank, the grapheme joiner, musical and annotation controls: letters without a shape.
  /(?:\u034f|[\u115f\u1160]|[\u17b4\u17b5]|[\u2800\u3164\uffa0\ufff9-\ufffb]|[\u{1D173}-\u{1D17A}])+/u,
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]+/u,
]
const HIDDEN = new RegExp([`(${FLAG.source})`, ...RUNS.map(({ source }) => `(${source})`)].join('|'), 'gu')
const SHAPELESS =
  /\p{Default_Ignorable_Code_Point}|[\u2800\ufff9-\ufffb]|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/gu
// UAX #15 §13: stream-safe text has no more than 30 marks in a row. Without that bound NFKC takes time in the square of the run.
const MARKS = /(\p{M}{30})\p{M}+/gu
const UNITS_OF_A_FIND = 32 // of text that nothing is found in take as long as one find
const PRINTABLE = /^[\t\n\r -~]*$/

/** Every run of characters that a person does not see and that no script or emoji needs there, in order. */
export const hiddenIn = (text: string): readonly Hidden[] => atOnce(hiddenSteps(text))

/** The same in steps. */
export function* hiddenSteps(text: string): Steps<readonly Hidden[]> {
  const found: Hidden[] = []
  for (const match of text.matchAll(HIDDEN)) {
    const [run, flag, ...groups] = match
    const kind = KINDS[groups.findIndex((group) => group !== undefined)]
    yield UNITS_OF_A_FIND + run.length
    if (flag !== undefined || kind === undefined) continue
    found.push({ kind, at: match.index, length: run.length, spells: spelt(kind, run, text, match.index) })
  }
  return found
}

/** What a model reads: compatibility forms unified, hidden writing spelt out in its place, characters without a shape gone. Linear. */
export function asRead(text: string): string {
  if (PRINTABLE.test(text)) return text
  const spelled = text.replace(HIDDEN, (run, flag: string | undefined, ...rest: unknown[]) => {
    if (flag !== undefined) return run
    const kind = KINDS[rest.slice(0, KINDS.length).findIndex((group) => group !== undefined)]
    return kind === undefined ? '' : spelt(kind, run, text, rest[KINDS.length] as number)
  })
  return spelled.replace(SHAPELESS, '').replace(MARKS, '$1').normalize('NFKC').replace(MARKS, '$1')
}

/** The same with letters that look Latin written as the Latin ones, without accents, in lower case. For comparing only. */
export const skeleton = (text: string): string =>
  asRead(text)
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
    .replace(LOOK_ALIKE, (letter) => LATIN.get(letter) ?? letter)

/** Words that mix Latin letters with letters of another script that look like Latin ones. */
export const mixedWords = (text: string): readonly string[] =>
  (asRead(text).match(/\p{L}{3,}/gu) ?? []).filter(
    (word) => /\p{Script=Latin}/u.test(word) && word.toLowerCase().search(FOREIGN_LOOK_ALIKE) >= 0,
  )

function spelt(kind: HiddenKind, run: string, text: string, at: number): string {
  const codes = [...run].map((character) => character.codePointAt(0) ?? 0)
  if (kind === 'tags') return codes.map((code) => ascii(code - 0xe0000)).join('')
  if (kind !== 'selectors') return ''
  // The selector that stands before the run is the first byte of what it carries.
  const first = [...text.slice(Math.max(0, at - 2), at)].at(-1)?.codePointAt(0) ?? 0
  const bytes = [first, ...codes].map(byteOf).filter((byte) => byte !== undefined)
  return Buffer.from(bytes)
    .toString('utf8')
    .replace(/[^ -~\n]/g, '')
}

const ascii = (code: number): string => (code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '')

function byteOf(code: number): number | undefined {
  if (code >= 0xfe00 && code <= 0xfe0f) return code - 0xfe00
  return code >= 0xe0100 && code <= 0xe01ef ? code - 0xe0100 + 16 : undefined
}

// Pairs of a look-alike and its Latin letter, after NFKD and lower case (UTS #39 confusables, those seen in names and words).
const FOREIGN =
  'аa вb сc ԁd еe ҽe ԍg һh нh іi ѓr јj кk ӏl мm пn оo рp ԛq гr ѕs тt ѵv ԝw хx уy ӡz ' +
  'αa βb ϲc εe ηn ιi κk μu νv οo ρp σo τt υu χx γy ωw ζz ϳj ' +
  'օo սu հh ոn ցg աw տs զq ӕa ꭺa ꮯc ꭼe'
const SMALL = 'ᴀa ʙb ᴄc ᴅd ᴇe ꜰf ɢg ʜh ɪi ᴊj ᴋk ʟl ᴍm ɴn ᴏo ᴘp ʀr ꜱs ᴛt ᴜu ᴠv ᴡw ʏy ᴢz ıi ɑa ɡg ɩi øo łl đd ħh ŧt'
const pairs = (table: string) =>
  table
    .split(' ')
    .filter((pair) => pair.length === 2)
    .map((pair): [string, string] => [pair.charAt(0), pair.charAt(1)])
const LATIN: ReadonlyMap<string, string> = new Map([...pairs(FOREIGN), ...pairs(SMALL)])
const LOOK_ALIKE = new RegExp(`[${[...LATIN.keys()].join('')}]`, 'gu')
const FOREIGN_LOOK_ALIKE = new RegExp(
  `[${pairs(FOREIGN)
    .map(([letter]) => letter)
    .join('')}]`,
  'u',
)
