// How calls ended and how long they took, as counts in one small array: the figures of two spans of time add up.

export const OUTCOMES = ['succeeded', 'denied', 'failed', 'limited'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Counts by outcome, the longest duration in ms, then how many calls took up to each of `STEPS`, and longer. */
export type Figures = Uint32Array

/** A call ends in exactly one of these records. */
const ENDS: Readonly<Record<string, Outcome>> = {
  'tool_call.success': 'succeeded',
  'tool_call.denied': 'denied',
  'tool_call.error': 'failed',
  'rate_limit.hit': 'limited',
}

export const outcomeOf = (type: string): Outcome | undefined => (Object.hasOwn(ENDS, type) ? ENDS[type] : undefined)

// Upper bounds in ms, two to an octave: a percentile read off them is at most half as much again as the true one.
const STEPS = [0, 1, 2, 3, ...Array.from({ length: 15 }, (_, n) => [4 * 2 ** n, 6 * 2 ** n]).flat()]
const LONGEST = OUTCOMES.length
const FIRST_STEP = LONGEST + 1
const MOST = 2 ** 32 - 1

export const noFigures = (): Figures => new Uint32Array(FIRST_STEP + STEPS.length + 1)

/** Durations of refusals are left out: they are short, and would hide how long work takes. */
export function addCall(figures: Figures, outcome: Outcome, durMs: number | undefined): void {
  raise(figures, OUTCOMES.indexOf(outcome), 1)
  if (durMs === undefined || outcome === 'denied' || outcome === 'limited') return
  figures[LONGEST] = Math.max(figures[LONGEST] ?? 0, Math.min(durMs, MOST))
  const step = STEPS.findIndex((bound) => durMs <= bound)
  raise(figures, FIRST_STEP + (step < 0 ? STEPS.length : step), 1)
}

export function addFigures(into: Figures, from: Figures): void {
  for (const [place, count] of from.entries())
    if (place === LONGEST) into[place] = Math.max(into[place] ?? 0, count)
    else raise(into, place, count)
}

function raise(figures: Figures, place: number, by: number): void {
  figures[place] = Math.min((figures[place] ?? 0) + by, MOST)
}

export const countOf = (figures: Figures, outcome: Outcome): number => figures[OUTCOMES.indexOf(outcome)] ?? 0

export const callsOf = (figures: Figures): number =>
  OUTCOMES.reduce((sum, outcome) => sum + countOf(figures, outcome), 0)

export const refusedOf = (figures: Figures): number => callsOf(figures) - countOf(figures, 'succeeded')

/** In ms; `undefined` when no call was timed. */
export const longestOf = (figures: Figures): number | undefined =>
  figures.subarray(FIRST_STEP).some((count) => count > 0) ? figures[LONGEST] : undefined

/** The bound in ms that a part `q` (0 to 1) of the timed calls kept; `undefined` when no call was timed. */
export function quantile(figures: Figures, q: number): number | undefined {
  const longest = longestOf(figures)
  const steps = figures.subarray(FIRST_STEP)
  const timed = steps.reduce((sum, count) => sum + count, 0)
  if (longest === undefined) return undefined
  let rest = Math.ceil(q * timed)
  for (const [place, count] of steps.entries()) {
    rest -= count
    if (rest <= 0) return Math.min(STEPS[place] ?? longest, longest)
  }
  return longest
}
