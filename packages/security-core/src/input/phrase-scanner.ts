// Finds thousands of phrases in one pass over a text (Aho and Corasick, 1975), whatever letters they are disguised in.
import { skeleton } from './text-as-read.ts'

/** A phrase begins a word unless `joined`; a space at its end asks for the end of the word. `tag` is given back when it is found. */
export type Phrase = Readonly<{ text: string; joined: boolean; tag: number }>

/** Walks the text once. `at` counts the units that have a shape, so that zero-width characters put no distance between words. */
export type PhraseScanner = (text: string, found: (tag: number, at: number) => void) => void

const OTHER = 0 // a letter of no phrase
const GAP = 1 // what stands between words, however much of it
const SKIP = 0xffff // what has no shape: marks, joiners, tags that spell nothing
const UNKNOWN = 0xfffe
const SEVERAL = 0x8000 // and above: a unit that is read as several letters

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
  const { next, tags } = automatonOf(paths, width)
  const begun = next(0, GAP)
  return (text, found) => {
    let state = begun
    let afterGap = true
    let unseen = 0
    const step = (letter: number, i: number): void => {
      if (letter === GAP && afterGap) return
      afterGap = letter === GAP
      state = next(state, letter)
      const ended = tags[state]
      if (ended !== undefined) for (const tag of ended) found(tag, i - unseen)
    }
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      const known = units[unit] ?? UNKNOWN
      if (known < SEVERAL) {
        step(known, i)
        continue
      }
      const code = text.codePointAt(i) ?? unit
      const folded = foldedOf(code)
      if (code > 0xffff) i += 1
      if (folded === SKIP) unseen += code > 0xffff ? 2 : 1
      else if (typeof folded === 'number') step(folded, i)
      else for (const letter of folded) step(letter, i)
    }
    step(GAP, text.length)
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

type Path = Readonly<{ path: readonly number[]; tag: number }>

// Few of the possible steps exist: they stand in a hash table, and those from the beginning, the most taken ones, in a list.
function automatonOf(paths: readonly Path[], width: number) {
  const most = 1 + paths.reduce((sum, { path }) => sum + path.length, 0)
  if (most > 0xffff) throw new RangeError(`Phrases must have fewer than 65536 letters, got ${most}`)
  const bits = Math.ceil(Math.log2(most * 2))
  const mask = 2 ** bits - 1
  const keys = new Int32Array(2 ** bits).fill(-1)
  const values = new Uint16Array(2 ** bits)
  const slotOf = (key: number): number => {
    let slot = Math.imul(key, 0x9e3779b1) >>> (32 - bits)
    while (keys[slot] !== key && keys[slot] !== -1) slot = (slot + 1) & mask
    return slot
  }
  const first = new Uint16Array(width)
  const suffix = new Uint16Array(most)
  const next = (from: number, letter: number): number => {
    for (let state = from; state !== 0; state = suffix[state] as number) {
      const to = values[slotOf(state * width + letter)] as number
      if (to !== 0) return to
    }
    return first[letter] as number
  }
  const tags: (readonly number[] | undefined)[] = []
  const levels: [from: number, letter: number, to: number][][] = []
  let states = 1
  for (const { path, tag } of paths) {
    let state = 0
    for (const [depth, letter] of path.entries()) {
      const slot = slotOf(state * width + letter)
      const from = state
      state = values[slot] as number
      if (state !== 0) continue
      state = states++
      keys[slot] = from * width + letter
      values[slot] = state
      if (from === 0) first[letter] = state
      levels[depth] ??= []
      levels[depth].push([from, letter, state])
    }
    tags[state] = [...(tags[state] ?? []), tag]
  }
  // By depth: the longest suffix of a state is known before the states behind it need it.
  for (const [from, letter, to] of levels.flat()) {
    suffix[to] = from === 0 ? 0 : next(suffix[from] as number, letter)
    const inherited = tags[suffix[to]]
    if (inherited !== undefined) tags[to] = [...(tags[to] ?? []), ...inherited]
  }
  return { next, tags }
}
