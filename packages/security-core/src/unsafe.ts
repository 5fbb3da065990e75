// Question: which controls were weakened, by whom, and until when?
// Threat:   a switch flipped for a demo that stays flipped for years.
// Rule:     a weakening is a value with a reason and an end date; expired or unexplained ones stop the process at start.
// Limits:   does not judge whether the reason is good. The audit event `config.loaded` shows it to whoever reviews.
// Proof:    unsafe.test.ts

/** One weakened control: what, why, and the last day (ISO date, UTC) on which it is accepted. */
export type Weakening = Readonly<{ control: string; because: string; until: string }>

const DAY_MS = 86_400_000

/** Returns the weakening when it is explained and not expired at `nowMs`; throws `RangeError` otherwise. */
export function weaken(control: string, options: { because: string; until: string }, nowMs: number): Weakening {
  const end = /^\d{4}-\d{2}-\d{2}$/.test(options.until) ? Date.parse(`${options.until}T00:00:00Z`) : Number.NaN
  // 2026-02-31 parses as 3 March: only a date that prints as it was written is one.
  if (Number.isNaN(end) || new Date(end).toISOString().slice(0, 10) !== options.until)
    throw new RangeError(`Weakening of ${control} needs an end date YYYY-MM-DD, got ${options.until}`)
  if (options.because.trim().length < 10)
    throw new RangeError(`Weakening of ${control} needs a reason of at least 10 characters`)
  if (nowMs >= end + DAY_MS) throw new RangeError(`Weakening of ${control} expired on ${options.until}`)
  return Object.freeze({ control, because: options.because, until: options.until })
}
