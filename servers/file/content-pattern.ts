// Question: what may a search for content cost, whatever pattern and text it is given?
// Threat:   ReDoS, `(a+)+$` (CVE-2026-0621 class); repeats that grow a small pattern into a large automaton; lines of many megabytes.
// Rule:     RE2 syntax on a linear-time engine; pattern, automaton and the part of a line that is looked at are bounded.
// Limits:   no look-around and no back references, which no linear engine has. One line at a time: a match never spans two.
// Proof:    content-pattern.test.ts, search-content.test.ts
import { Denial } from '@hardened-mcp/security-core/worker'
import { RE2JS } from 're2js'

const MAX_PROGRAM = 2_000 // steps of the automaton; with the longest line about a second
export const LINE_UNITS = 16_384 // UTF-16 units looked at in one line

/** Where the first match in one line begins, in UTF-16 units, or undefined. */
export type ContentPattern = (line: string) => number | undefined

export function compileContent(source: string, ignoreCase: boolean): ContentPattern {
  const pattern = compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
  if (pattern.programSize() > MAX_PROGRAM)
    throw new Denial('invalid_input', 'The automaton of the pattern is too large', {
      says: 'The pattern is too large; use fewer or smaller repeats such as {1,100}',
    })
  return function firstMatch(line) {
    if (!pattern.test(line)) return undefined // four times cheaper than a position, and most lines end here
    const matcher = pattern.matcher(line)
    return matcher.find() ? matcher.start() : undefined
  }
}

function compile(source: string, flags: number): RE2JS {
  try {
    return RE2JS.compile(source, flags)
  } catch {
    throw new Denial('invalid_input', 'The pattern does not compile', {
      says: 'The pattern must be a regular expression in RE2 syntax: no look-around, no back references, repeats up to 1000; put \\ before a character to mean itself',
    })
  }
}
