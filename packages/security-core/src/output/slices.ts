// One pattern over a long text, a slice at a time: what is found and replaced is what the whole text at once would give.
import { atOnce, type Steps } from '../steps.ts'
import type { Cleaned, OutputFilter } from './release.ts'

const SLICE_UNITS = 16_384
const HEAD = 512 // units
const UNITS_OF_A_TRY = 32 // of text in which nothing begins take as long as one place where something may

type Screen = Readonly<{
  name: string
  suspects: RegExp
  /** Finds something in every text in which `suspects` or `pattern` do, no further than `HEAD` from where their match begins. */
  mayHold: RegExp
  /** Global; a match and all that it looks at on both sides have at most `reach` units. */
  pattern: RegExp
  reach: number
  /** Global; finds each place where `pattern`, which is then sticky, can match, and sees no further than `HEAD`: matching is tried there alone. */
  begins?: RegExp
  /** Units of a slice: less for a pattern that takes more time for each. */
  slice?: number
  /** What stands there instead of the match; `undefined` leaves it as it is and counts nothing. */
  instead: (match: RegExpExecArray, origin: string | undefined) => string | undefined
  says: OutputFilter['says']
  refuses?: true
}>

/** The filter that replaces what one pattern finds. */
export function slicedFilter({ name, suspects, says, refuses, ...how }: Screen): OutputFilter {
  return Object.freeze({
    name,
    says,
    ...(refuses === undefined ? {} : { refuses }),
    suspects,
    clean: (text: string, origin?: string) => atOnce(cleanSteps(text, origin, how)),
    steps: {
      suspects: (text: string) => suspectSteps(text, suspects, how),
      clean: (text: string, origin?: string) => cleanSteps(text, origin, how),
    },
  })
}

type How = Omit<Screen, 'name' | 'suspects' | 'says' | 'refuses'>

function* cleanSteps(text: string, origin: string | undefined, how: How): Steps<Cleaned> {
  const { mayHold, instead } = how
  const parts: string[] = []
  let copied = 0
  let removed = 0
  for (let next = 0; next < text.length; ) {
    const end = endOfSlice(text, next, how)
    let units = end - next
    if (mayHold.test(around(text, next, end, HEAD))) {
      const from = Math.max(0, next - how.reach)
      const part = around(text, next, end, how.reach)
      units = part.length
      while (next < end) {
        const match = yield* firstMatch(part, next - from, end - from, how)
        if (match === null) break
        const at = from + match.index
        if (at >= end) break // the next slice sees it with all that stands behind it
        const after = at + match[0].length
        const other = instead(match, origin)
        if (other !== undefined) {
          parts.push(text.slice(copied, at), other)
          copied = after
          removed += 1
        }
        next = after
      }
    }
    next = Math.max(next, end)
    yield units
  }
  return removed === 0 ? { text, removed } : { text: parts.join('') + text.slice(copied), removed }
}

function* firstMatch(
  part: string,
  from: number,
  edge: number,
  { pattern, begins }: How,
): Steps<RegExpExecArray | null> {
  if (begins === undefined) return execAt(pattern, part, from)
  const head = part.slice(0, edge + HEAD)
  for (let place = execAt(begins, head, from); place !== null; place = execAt(begins, head, place.index + 1)) {
    const match = execAt(pattern, part, place.index)
    if (match !== null) return match
    yield UNITS_OF_A_TRY
  }
  return null
}

function execAt(pattern: RegExp, text: string, from: number): RegExpExecArray | null {
  pattern.lastIndex = from
  return pattern.exec(text)
}

// A pattern that looks behind itself may suspect the edge of a slice for nothing: the text is then looked at once more.
function* suspectSteps(text: string, suspects: RegExp, how: How): Steps<boolean> {
  for (let next = 0; next < text.length; ) {
    const end = endOfSlice(text, next, how)
    const part = around(text, next, end, HEAD)
    if (how.mayHold.test(part) && (how.mayHold === suspects || suspects.test(part))) return true
    next = end
    yield part.length
  }
  return false
}

/** Matches that begin in `next` to `end` are the slice's own. No pair is cut in two. */
const endOfSlice = (text: string, next: number, { slice = SLICE_UNITS }: How) =>
  next + slice + (isSecondHalf(text, next + slice) ? 1 : 0)

/** The slice with what stands before and behind it. */
const around = (text: string, next: number, end: number, reach: number) =>
  next <= reach && text.length <= end ? text : text.slice(Math.max(0, next - reach), end + reach)

const isSecondHalf = (text: string, at: number) =>
  (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800
