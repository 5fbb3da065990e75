// Applies a mutant to the text of its file, and refuses one that no longer fits.
import type { Mutant } from './mutants.ts'

/** Throws `RangeError` unless `find` stands in the text exactly once and the replacement changes it. */
export function mutate(text: string, { find, replace, because }: Mutant): string {
  const [before, after, ...more] = text.split(find)
  if (before === undefined || after === undefined || more.length > 0)
    throw new RangeError(`Mutant "${because}" must find its text once, found it ${text.split(find).length - 1} times`)
  if (find === replace) throw new RangeError(`Mutant "${because}" must change something`)
  return before + replace + after
}
