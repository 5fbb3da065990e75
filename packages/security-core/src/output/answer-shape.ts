// Question: is this text of a worker small and flat enough to be parsed by the process that answers everybody?
// Threat:   a worker that was taken over answers with megabytes of text, a hundred thousand names or deep nesting: each blocks the front for seconds.
// Rule:     at most 128 KiB beside long runs of base64, 32 levels and 1024 different names; the text is measured in steps before JSON.parse sees it.
// Limits:   tells no JSON from another text, and says nothing about what the values mean; the budget of the tool bounds the bytes.
// Proof:    answer-shape.test.ts
import { Denial } from '../denial.ts'
import { atOnce, type Steps } from '../steps.ts'

export const MOST_TEXT_BYTES = 131_072 // what the longest page, file or listing of a tool takes; a picture comes as base64
const MOST_LEVELS = 32 // tools nest five
const MOST_NAMES = 1_024 // tools have a few dozen; each new one costs a parser more than ten known ones
const LEAST_DATA = 1_024 // units: shorter base64 counts as text, for each string has a cost of its own
const SLICE_UNITS = 16_384
const DATA = /^[A-Za-z0-9+/]*$/ // RFC 4648 section 4

const [QUOTE, BACKSLASH, COLON, PAD] = [0x22, 0x5c, 0x3a, 0x3d]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Throws `internal` for a text outside the limits. Strings end where they do for JSON, as far as the text is JSON. */
export function* answerShape(text: string): Steps<void> {
  const names = new Set<string>()
  let data = 0
  let level = 0
  let told = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === OPEN_LIST || unit === OPEN_OBJECT) {
      if (++level > MOST_LEVELS) throw broken(`nesting of more than ${MOST_LEVELS} levels`)
    } else if (unit === CLOSE_LIST || unit === CLOSE_OBJECT) level -= 1
    else if (unit === QUOTE) {
      const begin = at + 1
      at = endOfString(text, begin)
      if (isName(text, at + 1) && names.add(text.slice(begin, at)).size > MOST_NAMES)
        throw broken(`more than ${MOST_NAMES} names`)
      if (at - begin >= LEAST_DATA && (yield* isData(text, begin, at))) {
        data += at - begin
        told = at
      }
    }
    if (at - data >= MOST_TEXT_BYTES) throw broken(`more than ${MOST_TEXT_BYTES} units beside base64`)
    if (at - told < SLICE_UNITS) continue
    yield at - told
    told = at
  }
}

/** Up to two signs of padding at the end, nothing else: what clients decode, and nothing that a reader could take for text. */
export const isBase64 = (text: string): boolean => atOnce(isData(text, 0, text.length))

// A quote behind an odd number of backslashes is part of the string.
function endOfString(text: string, begin: number): number {
  for (let end = text.indexOf('"', begin); end >= 0; end = text.indexOf('"', end + 1)) {
    let first = end
    while (first > begin && text.charCodeAt(first - 1) === BACKSLASH) {
      if (end - begin > MOST_TEXT_BYTES) return end // no base64, and too long in any case
      first -= 1
    }
    if ((end - first) % 2 === 0) return end
  }
  return text.length
}

function isName(text: string, from: number): boolean {
  let at = from
  while (text.charCodeAt(at) <= 0x20) at += 1
  return text.charCodeAt(at) === COLON
}

function* isData(text: string, begin: number, end: number): Steps<boolean> {
  let last = end
  while (last > begin && last > end - 2 && text.charCodeAt(last - 1) === PAD) last -= 1
  for (let at = begin; at < last; at += SLICE_UNITS) {
    if (!DATA.test(text.slice(at, Math.min(at + SLICE_UNITS, last)))) return false
    yield SLICE_UNITS
  }
  return true
}

const broken = (what: string) => new Denial('internal', `The worker returned ${what}`)
