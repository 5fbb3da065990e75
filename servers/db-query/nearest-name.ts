// Offers the exposed name that is closest to a misspelt one. Works on exposed names only, so it cannot give a hidden one away.

const MAX_NAME = 64
const MAX_NAMES = 2000
// Names come from the database file: offered only when they cannot carry anything but a name.
const PLAIN = /^[A-Za-z_][A-Za-z0-9_ ]{0,63}$/

/** Returns the nearest of `names` within a third of the length, or undefined. */
export function nearestName(wanted: string, names: readonly string[]): string | undefined {
  if (wanted.length === 0 || wanted.length > MAX_NAME) return undefined
  const limit = Math.floor(wanted.length / 3) // names of one or two letters are near to everything
  let best: string | undefined
  let bestDistance = limit + 1
  for (const name of names.slice(0, MAX_NAMES)) {
    if (!PLAIN.test(name) || Math.abs(name.length - wanted.length) >= bestDistance) continue
    const distance = editDistance(wanted.toLowerCase(), name.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [name, distance]
  }
  return best
}

export const nearestHint = (nearest: string | undefined) => (nearest === undefined ? '' : `; the nearest is ${nearest}`)

// Optimal string alignment: two letters that changed places (`nmae`) count once.
function editDistance(a: string, b: string): number {
  let before: readonly number[] = []
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const swap = a[i - 1] === b[j - 1] ? 0 : 1
      const change = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + swap)
      const turned = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      next.push(turned ? Math.min(change, (before[j - 2] ?? 0) + 1) : change)
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
