// The texts that a text stands for when it is decoded: base64, percent signs, entities, escapes, letters set apart.
import type { Steps } from '../steps.ts'

const MAX_READINGS = 16 // a page of data holds thousands of base64 runs; the first ones are read
const LEAST_RUN = 24 // units of base64 that are worth a look
const MOST_RUN = 8192
const REST_OF_RUN = /[A-Za-z0-9+/_-]+/y
const UNITS_OF_A_FIND = 8 // of text that nothing is found in take as long as one find
const LEAST_APART = 15 // eight letters and the gaps between them
const SET_APART = /(?<![^ ._*|-])(?:[^ ._*|-][ ._*|-]{1,6}){7,}[^ ._*|-](?![^ ._*|-])/g
const GAPS = /[ ._*|-]+/g
const ENTITY = /&#(?:x([0-9a-f]{1,6})|(\d{1,7}));?/gi
const ESCAPE = /\\u\{?([0-9a-f]{4,6})\}?|\\x([0-9a-f]{2})|%([0-9a-f]{2})/gi

const BASE64 = 1
const GAP = 2
const CLASS_OF = new Uint8Array(0x10000)
for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
  CLASS_OF[letter.charCodeAt(0)] = BASE64
for (const letter of '_-') CLASS_OF[letter.charCodeAt(0)] = BASE64 | GAP
for (const letter of ' .*|') CLASS_OF[letter.charCodeAt(0)] = GAP

/** Linear: each is one pass over the text, and looks only where it can find something. */
export function* otherReadings(text: string): Steps<readonly string[]> {
  const readings: string[] = []
  yield* decodedRuns(text, readings)
  if (hasLettersApart(text)) {
    const together = text.replace(SET_APART, joined)
    if (together !== text) readings.push(together)
    yield text.length
  }
  const plain = text.includes('&#') ? yield* replaced(text, ENTITY, entity) : text
  const unescaped = plain.includes('%') || plain.includes('\\') ? yield* replaced(plain, ESCAPE, escaped) : plain
  if (unescaped === text) return readings
  yield text.length
  return [...readings, unescaped]
}

/** Holds for every text that has another reading, and for few others. */
export const mayReadOtherwise = (text: string): boolean =>
  /[&%\\]/.test(text) || runFrom(text, 0) !== undefined || hasLettersApart(text)

function* decodedRuns(text: string, readings: string[]): Steps<void> {
  for (let run = runFrom(text, 0); run !== undefined; run = runFrom(text, run.end)) {
    const decoded = decodedText(text.slice(run.start, Math.min(run.end, run.start + MOST_RUN)))
    if (decoded !== undefined) readings.push(decoded)
    if (readings.length >= MAX_READINGS) return
    yield run.end - run.start
  }
}

const isBase64 = (unit: number) => ((CLASS_OF[unit] as number) & BASE64) !== 0

// A run of 24 units covers one of any 24 neighbours: only every 24th is looked at, and what stands around a hit.
function runFrom(text: string, from: number) {
  let begin = from
  for (let at = from + LEAST_RUN - 1; at < text.length; at = begin + LEAST_RUN - 1) {
    let start = at + 1
    while (start > begin && isBase64(text.charCodeAt(start - 1))) start -= 1
    begin = at + 1
    if (start > at) continue
    REST_OF_RUN.lastIndex = at
    REST_OF_RUN.test(text)
    begin = REST_OF_RUN.lastIndex
    if (begin - start >= LEAST_RUN) return { start, end: begin }
  }
  return undefined
}

// Among letters set apart no two are neighbours: from a pair of neighbours that are, the next place to look is 14 pairs on.
function hasLettersApart(text: string): boolean {
  const isGap = (at: number) => ((CLASS_OF[text.charCodeAt(at)] as number) & GAP) !== 0
  for (let at = LEAST_APART - 1; at < text.length; ) {
    const begin = at - LEAST_APART + 1
    let pair = at
    while (pair > begin && (isGap(pair) || isGap(pair - 1))) pair -= 1
    if (pair === begin) return true
    at = pair + LEAST_APART - 1
  }
  return false
}

const joined = (run: string) => {
  const between = /[ ._*|-]+/.exec(run)?.[0]
  return run.replace(GAPS, (gap) => (gap === between ? '' : ' ')) // another gap parts words
}

// String.replace() that rests: only what it finds takes time.
function* replaced(text: string, pattern: RegExp, instead: (match: RegExpExecArray) => string): Steps<string> {
  const parts: string[] = []
  let copied = 0
  pattern.lastIndex = 0
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const next = pattern.lastIndex
    parts.push(text.slice(copied, match.index), instead(match))
    copied = next
    yield UNITS_OF_A_FIND
    pattern.lastIndex = next // of another text meanwhile
  }
  return parts.join('') + text.slice(copied)
}

const entity = ([, hex, decimal]: RegExpExecArray) =>
  character(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16))

const escaped = ([, unicode, byte, percent]: RegExpExecArray) =>
  character(Number.parseInt(unicode ?? byte ?? percent ?? '', 16))

// Words of random bytes decode too, but hardly ever to printable text alone.
function decodedText(run: string): string | undefined {
  const decoded = Buffer.from(run, 'base64').toString('utf8')
  return decoded.length >= 12 && !/[\ufffd\u0000-\u0008\u000e-\u001f]/.test(decoded) ? decoded : undefined
}

const character = (code: number) => (code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' ')
