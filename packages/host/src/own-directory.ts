// A directory whose content decides what callers may do: whoever else could write to it would decide too.
import { constants, statSync } from 'node:fs'

/** Throws `RangeError` with one line unless it is a directory of one of `owners` that nobody else can write to. */
export function mustBeOurs(what: string, dir: string, owners: readonly number[] = [process.geteuid?.() ?? 0]): void {
  factsMustBeOurs(what, dir, statSync(dir, { throwIfNoEntry: false }), owners)
}

/** The same on facts that were looked up before. */
export function factsMustBeOurs(
  what: string,
  dir: string,
  facts: Readonly<{ mode: number; uid: number }> | undefined,
  owners: readonly number[],
): void {
  if (facts === undefined || (facts.mode & constants.S_IFMT) !== constants.S_IFDIR)
    throw new RangeError(`${what} ${dir} must be a directory`)
  if (!owners.includes(facts.uid) || (facts.mode & 0o022) !== 0)
    throw new RangeError(`${what} ${dir} must belong to user ${owners.join(' or ')} and be closed to others: chmod 700`)
}
