// A directory whose content decides what callers may do: whoever else could write to it would decide too.
import { statSync } from 'node:fs'

/** Throws `RangeError` with one line unless it is a directory of one of `owners` that nobody else can write to. */
export function mustBeOurs(what: string, dir: string, owners: readonly number[] = [process.geteuid?.() ?? 0]): void {
  const stats = statSync(dir, { throwIfNoEntry: false })
  if (stats?.isDirectory() !== true) throw new RangeError(`${what} ${dir} must be a directory`)
  if (!owners.includes(stats.uid) || (stats.mode & 0o022) !== 0)
    throw new RangeError(`${what} ${dir} must belong to user ${owners.join(' or ')} and be closed to others: chmod 700`)
}
