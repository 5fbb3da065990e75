// Long work on texts in small steps, so that a process that serves everybody is never busy with one answer for long.

/** Work that rests: each step tells how many units of text it went over since the last one. */
export type Steps<Result> = Generator<number, Result>

/** Between two pauses: some milliseconds of the slowest of the screens on the text that suits it least. */
export const UNITS_BETWEEN_PAUSES = 16_384

/** Walks all steps without a rest. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** Walks all steps and waits for `pause` whenever they went over `UNITS_BETWEEN_PAUSES`; short work is done at once. */
export async function withPauses<Result>(steps: Steps<Result>, pause: () => Promise<void>): Promise<Result> {
  let units = 0
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    units += step.value
    if (units < UNITS_BETWEEN_PAUSES) continue
    units = 0
    await pause()
  }
}
