// Door 2. The only maker of `Released`: an answer that was screened by every filter and fits its byte budget.
import { Denial } from '../denial.ts'
import type { Budget, Result } from '../types.ts'

declare const released: unique symbol

/** What transports send, and nothing else. `text` is the JSON text of `structured`. */
export type Released = Readonly<{
  text: string
  structured: Readonly<Record<string, unknown>>
  /** How many characters the filters removed or escaped. */
  removed: number
  [released]: true
}>

/** Removes, marks or wraps; adds nothing of its own. `suspects` finds in raw JSON text what `clean` would change. */
export type OutputFilter = Readonly<{
  name: string
  suspects: RegExp
  clean(text: string): { text: string; removed: number }
  /** The notice in the answer when `count` things were removed. */
  says(count: number): string
  /** Nothing is removed: an answer in which something would be does not go out. */
  refuses?: true
}>

/** How much each filter removed, for those that removed anything. */
type Tally = Map<OutputFilter, number>

const MAY_NOT_LEAVE = 'The answer holds a value that may not leave this server'

/** Screens every string of the result, says what was removed, and refuses what is over budget (`too_large`). */
export function release(result: Result, filters: readonly OutputFilter[], spend: Budget): Released {
  boundBytes(result.text, spend)
  const parsed = parse(result.text)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Denial('internal', 'The worker returned something other than a JSON object')
  }
  // What one filter takes away may have hidden from the next what it looks for: a suspicion of one is one of all.
  if (!filters.some((filter) => filter.suspects.test(result.text))) return mint(result.text, parsed, 0)
  const tally: Tally = new Map()
  const screened = screen(parsed, filters, tally) as Record<string, unknown>
  const refused = [...tally.keys()].find(({ refuses }) => refuses)
  if (refused !== undefined)
    throw new Denial('policy_denied', `${refused.name} found something in the answer`, { says: MAY_NOT_LEAVE })
  const notices = filters.flatMap((filter) => (tally.has(filter) ? [filter.says(tally.get(filter) ?? 0)] : []))
  if (notices.length > 0) screened['notices'] = [...noticesOf(screened), ...notices]
  const text = JSON.stringify(screened)
  boundBytes(text, spend)
  return mint(
    text,
    screened,
    [...tally.values()].reduce((sum, count) => sum + count, 0),
  )
}

/** A refusal is an answer too, and may name a table or a file: what it says goes through the same filters. Never throws. */
export function screenDenial(denial: Denial, filters: readonly OutputFilter[]): Denial {
  try {
    const says = screenText(denial.says, filters, new Map())
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

const mint = (text: string, structured: object, removed: number): Released =>
  Object.freeze({ text, structured, removed }) as unknown as Released

function boundBytes(text: string, spend: Budget): void {
  const bytes = Buffer.byteLength(text)
  if (bytes > spend.outputBytes)
    throw new Denial('too_large', `The answer has ${bytes} bytes, the budget is ${spend.outputBytes}`)
}

function screen(value: unknown, filters: readonly OutputFilter[], tally: Tally): unknown {
  if (typeof value === 'string') return screenText(value, filters, tally)
  if (Array.isArray(value)) return value.map((item) => screen(item, filters, tally))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [
    screenText(key, filters, tally),
    screen(item, filters, tally),
  ])
  return Object.fromEntries(entries)
}

function screenText(text: string, filters: readonly OutputFilter[], tally: Tally): string {
  let current = text
  for (const filter of filters) {
    const { text: next, removed } = filter.clean(current)
    current = next
    if (removed > 0) tally.set(filter, (tally.get(filter) ?? 0) + removed)
  }
  return current
}
