// Door 2. The only maker of `Released`: an answer that was screened by every filter and fits its byte budget.
import { Denial } from '../denial.ts'
import type { Budget, Result } from '../types.ts'
import { atOnce, type Steps } from '../steps.ts'
import { answerMarkSteps, saysMarks } from './answer-marks.ts'
import { answerShape } from './answer-shape.ts'

declare const released: unique symbol

/** What transports send, and nothing else. `text` is the JSON text of `structured`. */
export type Released = Readonly<{
  text: string
  structured: Readonly<Record<string, unknown>>
  /** How many characters the filters removed or escaped. */
  removed: number
  /** For the record of the call: what steers in the answer, and how much each filter found, as `name=count`. */
  found: readonly string[]
  [released]: true
}>

/** Removes, marks or wraps; adds nothing of its own. `suspects` finds in raw JSON text what `clean` would change. */
export type OutputFilter = Readonly<{
  name: string
  suspects: RegExp
  /** `origin` is where the answer says that its text came from. */
  clean(text: string, origin?: string): Cleaned
  /** The notice in the answer when `count` things were removed. */
  says(count: number): string
  /** Nothing is removed: an answer in which something would be does not go out. */
  refuses?: true
  /** The same work in steps, for texts of any length; a filter without them does it at once. */
  steps?: Readonly<{
    suspects(json: string): Steps<boolean>
    clean(text: string, origin?: string): Steps<Cleaned>
  }>
}>

export type Cleaned = { text: string; removed: number }

/** How much each filter removed, for those that removed anything. */
type Tally = Map<OutputFilter, number>

const UNITS_OF_A_TEXT = 64 // of a long text take as long as the way of a short one through the filters
const MAY_NOT_LEAVE = 'The answer holds a value that may not leave this server'

/** Screens every string of the result, says what was found, and refuses what is over budget (`too_large`). */
export const release = (...screening: Parameters<typeof releaseSteps>): Released => atOnce(releaseSteps(...screening))

/** The same in steps: what has to answer others meanwhile rests between them. */
export function* releaseSteps(
  result: Result,
  filters: readonly OutputFilter[],
  spend: Budget,
  marksOf: (answer: object) => Steps<readonly string[]> = answerMarkSteps,
): Steps<Released> {
  boundBytes(result.text, spend)
  yield* answerShape(result.text)
  const parsed = parse(result.text)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Denial('internal', 'The worker returned something other than a JSON object')
  }
  const marks = yield* marksOf(parsed)
  const tally: Tally = new Map()
  // What one filter takes away may have hidden from the next what it looks for: a suspicion of one is one of all.
  const screened = (yield* suspectedBy(filters, result.text))
    ? yield* screen(parsed, { filters, tally, origin: originOf(parsed) })
    : parsed
  const refused = [...tally.keys()].find(({ refuses }) => refuses)
  if (refused !== undefined)
    throw new Denial('policy_denied', `${refused.name} found something in the answer`, { says: MAY_NOT_LEAVE })
  if (tally.size === 0 && marks.length === 0) return mint(result.text, parsed, 0, []) // byte for byte
  const notices = [
    ...(marks.length === 0 ? [] : [saysMarks(marks)]),
    ...filters.flatMap((filter) => (tally.has(filter) ? [filter.says(tally.get(filter) ?? 0)] : [])),
  ]
  const said = { ...(screened as Record<string, unknown>) }
  said['notices'] = [...noticesOf(said), ...notices]
  const text = JSON.stringify(said)
  // A mark stops nothing: where its sentence has no room, the answer goes out without it, and the record has it.
  if (tally.size === 0 && Buffer.byteLength(text) > spend.outputBytes) return mint(result.text, parsed, 0, marks)
  boundBytes(text, spend)
  const found = [...marks, ...[...tally].map(([{ name }, count]) => `${name}=${count}`)]
  const removed = [...tally.values()].reduce((sum, count) => sum + count, 0)
  return mint(text, said, removed, found)
}

// fetch names the origin of a page there; no other answer has one.
function originOf({ untrusted }: { untrusted?: unknown }): string | undefined {
  const origin = typeof untrusted === 'object' && untrusted !== null && 'origin' in untrusted ? untrusted.origin : ''
  return typeof origin === 'string' && origin !== '' ? origin : undefined
}

/** A refusal is an answer too, and may name a table or a file: what it says goes through the same filters. Never throws. */
export function screenDenial(denial: Denial, filters: readonly OutputFilter[]): Denial {
  try {
    const says = atOnce(screenText(denial.says, { filters, tally: new Map() }))
    if (says === denial.says) return denial
    const wait = denial.retryAfterMs === undefined ? {} : { retryAfterMs: denial.retryAfterMs }
    const ask = denial.ask === undefined ? {} : { ask: denial.ask }
    return new Denial(denial.code, denial.message, { says, ...wait, ...ask }, { cause: denial })
  } catch {
    return new Denial('internal', `A filter failed on a refusal with ${denial.code}`)
  }
}

// The message of a SyntaxError quotes the text, which is the tenant's data and has no place in the audit trail.
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Denial('internal', 'The worker returned text that is not JSON')
  }
}

const noticesOf = ({ notices }: Record<string, unknown>): readonly unknown[] => (Array.isArray(notices) ? notices : [])

const mint = (text: string, structured: object, removed: number, found: readonly string[]): Released =>
  Object.freeze({ text, structured, removed, found }) as unknown as Released

function boundBytes(text: string, spend: Budget): void {
  const bytes = Buffer.byteLength(text)
  if (bytes > spend.outputBytes)
    throw new Denial('too_large', `The answer has ${bytes} bytes, the budget is ${spend.outputBytes}`)
}

type Screening = Readonly<{ filters: readonly OutputFilter[]; tally: Tally; origin?: string | undefined }>

function* suspectedBy(filters: readonly OutputFilter[], json: string): Steps<boolean> {
  for (const { suspects, steps } of filters)
    if (steps === undefined ? suspects.test(json) : yield* steps.suspects(json)) return true
  return false
}

function* screen(value: unknown, how: Screening): Steps<unknown> {
  if (typeof value === 'string') return yield* screenText(value, how)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items: unknown[] = []
    for (const item of value) items.push(yield* screen(item, how))
    return items
  }
  const entries: [string, unknown][] = []
  for (const [key, item] of Object.entries(value)) entries.push([yield* screenText(key, how), yield* screen(item, how)])
  return Object.fromEntries(entries)
}

function* screenText(text: string, { filters, tally, origin }: Screening): Steps<string> {
  let current = text
  yield UNITS_OF_A_TEXT
  for (const filter of filters) {
    const { text: next, removed } = filter.steps
      ? yield* filter.steps.clean(current, origin)
      : filter.clean(current, origin)
    current = next
    if (removed > 0) tally.set(filter, (tally.get(filter) ?? 0) + removed)
  }
  return current
}
