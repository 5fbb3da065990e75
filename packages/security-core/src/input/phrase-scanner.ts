// Finds thousands of phrases in one pass over a text (Aho and Corasick, 1975), whatever letters they are disguised in.
import { automatonOf } from './phrase-automaton.ts'
import { skeleton } from './text-as-read.ts'

/** A phrase begins a word unless `joined`; a space at its end asks for the end of the word. `tag` is given back when it is found. */
export type Phrase = Readonly<{ text: string; joined: boolean; tag: number }>

/**
 * Opens one walk over a text; the walk goes on to the unit that it is told, and ends at the end of the text.
 * `at` counts the units that have a shape, so that zero-width characters put no distance between words.
 */
export type PhraseScanner = (text: string, found: (tag: number, at: number) => void) => (upTo: number) => void

const OTHER = 0 // a letter of no phrase
const GAP = 1 // what stands between words, however much of it
const SKIP = 0xffff // what has no shape: marks, joiners, tags that spell nothing
const UNKNOWN = 0xfffe
const SEVERAL = 0x8000 // and above: a unit that is read as several letters

const COMMON_LETTERS = 32 // the alphabet of the first language of the table, a to z, stands at the beginning

const TAGS = 0xe0000
const SELECTORS = 0xe0100
const TATWEEL = 0x640 // only makes an Arabic word longer

// Digits and signs that stand for a letter in "1gn0re".
const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}

/** Builds the automaton: one step for each unit of a text, whatever the text. */
export function phraseScanner(phrases: readonly Phrase[]): PhraseScanner {
  const { lettersOf, units, foldedOf, width } = alphabetOf(phrases)
  const paths = phrases.map(({ text, joined, tag }) => ({ path: lettersOf(text, joined), tag }))
  const { next, tags, most } = automatonOf(paths, width)
  const begun = next(0, GAP)
  const isEnd = Uint8Array.from({ length: most }, (_, state) => (tags[state] === undefined ? 0 : 1))
  // Inside a word that no phrase begins with, most letters change nothing.
  const isIdle = Uint8Array.from({ length: COMMON_LETTERS }, (_, letter) =>
    letter !== GAP && next(0, letter) === 0 ? 1 : 0,
  )
  // Steps that were taken once, each as its state plus one: pages of the table that no text needs are never touched.
  const taken = new Uint16Array(most * COMMON_LETTERS)
  const step = (state: number, letter: number): number => {
    if (letter >= COMMON_LETTERS) return next(state, letter)
    const place = state * COMMON_LETTERS + letter
    const to = taken[place] as number
    if (to !== 0) return to - 1
    const reached = next(state, letter)
    taken[place] = reached + 1
    return reached
  }
  return (text, found) => {
    let from = 0
    let state = begun
    let isAfterGap = true
    let unseen = 0
    const enter = (letter: number, at: number): void => {
      if (letter === GAP && isAfterGap) return
      isAfterGap = letter === GAP
      state = step(state, letter)
      if (isEnd[state] === 1) for (const tag of tags[state] ?? []) found(tag, at - unseen)
    }
    const enterFolded = (code: number, at: number): void => {
      const folded = foldedOf(code)
      if (folded === SKIP) unseen += code > 0xffff ? 2 : 1
      else if (typeof folded === 'number') enter(folded, at)
      else for (const letter of folded) enter(letter, at)
    }
    return (upTo) => {
      const end = Math.min(upTo, text.length)
      let i = from
      while (i < end) {
        // The straight run: letters of the table's front, one look-up each.
        let now = state
        let gap = isAfterGap
        for (; i < end; i++) {
          let letter = units[text.charCodeAt(i)] as number
          if (letter === GAP && gap) continue
          if (now === 0 && isIdle[letter] === 1) {
            gap = false
            while (++i < end && isIdle[(letter = units[text.charCodeAt(i)] as number)] === 1);
            if (i >= end) break
          }
          if (letter >= COMMON_LETTERS) break
          const to = taken[now * COMMON_LETTERS + letter] as number
          if (to === 0) break
          gap = letter === GAP
          now = to - 1
          if (isEnd[now] === 1) for (const tag of tags[now] as readonly number[]) found(tag, i - unseen)
        }
        state = now
        isAfterGap = gap
        if (i >= end) break
        const code = text.codePointAt(i) as number
        enterFolded(code, code > 0xffff ? i + 1 : i)
        i += code > 0xffff ? 2 : 1
      }
      from = i
      if (i >= text.length) enter(GAP, text.length)
    }
  }
}

function alphabetOf(phrases: readonly Phrase[]) {
  const letters = new Map<string, number>()
  const spelled = new Map<string, string>()
  for (const { text } of phrases) {
    spelled.set(text, skeleton(text))
    for (const letter of spelled.get(text) ?? '')
      if (letter !== ' ' && !letters.has(letter)) letters.set(letter, letters.size + 2)
  }
  const lettersOf = (text: string, joined: boolean): readonly number[] => [
    ...(joined ? [] : [GAP]),
    ...[...(spelled.get(text) ?? '')].map((letter) => letters.get(letter) ?? GAP),
  ]
  const units = new Uint16Array(0x10000).fill(UNKNOWN)
  const several: (readonly number[])[] = []
  const fold = (code: number): number | readonly number[] => {
    if (code === TATWEEL) return SKIP
    if (code >= 0x1f150 && code <= 0x1f189) return letters.get(String.fromCharCode(97 + ((code - 0x1f150) % 32))) ?? GAP
    const read = [...skeleton(String.fromCodePoint(code))].map((letter) => {
      const known = letters.get(LEET[letter] ?? letter)
      return known ?? (/[\p{L}\p{N}\p{M}]/u.test(letter) ? OTHER : GAP)
    })
    return read.length === 0 ? SKIP : read.length === 1 ? (read[0] ?? GAP) : read
  }
  const pairs = new Map<number, number | readonly number[]>()
  const foldedPair = (code: number): number | readonly number[] => {
    if (code >= TAGS && code < TAGS + 0x80) return code < TAGS + 0x20 ? SKIP : foldedOf(code - TAGS) // what a model reads there
    if (!isDisguise(code)) return code >= SELECTORS && code < SELECTORS + 240 ? SKIP : GAP
    const folded = pairs.get(code) ?? fold(code)
    pairs.set(code, folded)
    return folded
  }
  // The table is filled as units are met: most texts need a hundred of its 65 536 places.
  const foldedOf = (code: number): number | readonly number[] => {
    if (code > 0xffff) return foldedPair(code)
    if (code >= 0xd800 && code <= 0xdfff) return GAP // half of a pair: what follows may make it whole
    const known = units[code] ?? UNKNOWN
    if (known < SEVERAL || known === SKIP) return known
    if (known !== UNKNOWN) return several[known - SEVERAL] ?? GAP
    const folded = fold(code)
    units[code] = typeof folded === 'number' ? folded : SEVERAL + several.push(folded) - 1
    return folded
  }
  return { lettersOf, units, foldedOf, width: letters.size + 2 }
}

// Mathematical letters, letters in circles and squares; of the rest above U+FFFF no phrase is made.
const isDisguise = (code: number) => (code >= 0x1d400 && code <= 0x1d7ff) || (code >= 0x1f100 && code <= 0x1f1ff)
