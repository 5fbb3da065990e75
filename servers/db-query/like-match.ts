// SQL LIKE for names: % and _, ASCII case ignored, in time proportional to text times pattern at worst.

/** True when `text` as a whole matches `pattern`. */
export function likeMatch(pattern: string, text: string): boolean {
  const want = [...pattern.toLowerCase()]
  const have = [...text.toLowerCase()]
  let w = 0
  let h = 0
  let star = -1
  let retry = 0
  while (h < have.length) {
    if (want[w] === '%') {
      star = w
      retry = h
      w += 1
    } else if (want[w] === '_' || (w < want.length && want[w] === have[h])) {
      w += 1
      h += 1
    } else if (star !== -1) {
      // Only the last % is retried: an earlier one could not match more, so nothing grows exponentially.
      retry += 1
      h = retry
      w = star + 1
    } else return false
  }
  while (want[w] === '%') w += 1
  return w === want.length
}
