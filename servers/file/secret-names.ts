// Question: may a file of this name hold credentials?
// Threat:   an agent that is talked into reading keys and tokens which lie beside honest work, also as `.ENV` or `.git\u200b/config`.
// Rule:     a path is refused when it, or a directory above it, matches the table; the operator can add to it.
// Limits:   knows names, not contents: a password in notes.txt is readable. Grant directories without secrets.
// Proof:    secret-names.test.ts
import { SECRET_EXCEPTIONS, SECRET_NAMES } from './secret-table.ts'

/** `NAME` or `DIR/NAME`, at most one `*` in each part. */
export const SECRET_PATTERN = /^[^/*]*\*?[^/*]*(?:\/[^/*]*\*?[^/*]*)*$/

export type SecretTest = Readonly<{
  /** True when the whole path, or a directory on its way, is on the list. `above` are the names of the root's own path. */
  onPath(segments: readonly string[], above: readonly string[]): boolean
  /** The same for the last name alone, where the directories were judged before. */
  atEnd(segments: readonly string[], above: readonly string[]): boolean
}>

type NameTest = (folded: string) => boolean

/** The tests of a pattern's parts, the last one first. */
type Pattern = readonly NameTest[]

export function secretNames(added: readonly string[]): SecretTest {
  const mayEnd = byLastName([...SECRET_NAMES.map(([pattern]) => pattern), ...added])
  const innocent = SECRET_EXCEPTIONS.map(([pattern]) => nameTest(pattern))
  function endsSecret(last: string, before: (i: number) => string | undefined): boolean {
    const candidates = mayEnd(last)
    if (candidates.length === 0 || innocent.some((test) => test(last))) return false
    return candidates.some((parts) =>
      parts.every((test, i) => {
        const name = i === 0 ? last : before(i)
        return name !== undefined && test(name)
      }),
    )
  }
  return {
    onPath(segments, above) {
      const folded = [...above, ...segments].map(foldName)
      return segments.some((_, i) => {
        const at = above.length + i
        return endsSecret(folded[at] ?? '', (back) => folded[at - back])
      })
    },
    atEnd(segments, above) {
      // Most names end here: the directories around them are folded only for a pattern that asks.
      const last = segments.length - 1
      return endsSecret(foldName(segments[last] ?? ''), (back) => {
        const name = back <= last ? segments[last - back] : above[above.length + last - back]
        return name === undefined ? undefined : foldName(name)
      })
    },
  }
}

/** Returns the patterns whose last part fits a name. Every entry of every listing asks, so names without a star are looked up. */
function byLastName(patterns: readonly string[]): (folded: string) => readonly Pattern[] {
  const named = new Map<string, Pattern[]>()
  const starred: Pattern[] = []
  for (const pattern of patterns) {
    const parts = pattern.split('/').filter((part) => part !== '')
    const last = parts.at(-1) ?? ''
    const tests = parts.map(nameTest).toReversed()
    if (last.includes('*')) starred.push(tests)
    else named.set(foldName(last), [...(named.get(foldName(last)) ?? []), tests])
  }
  return (folded) => [...(named.get(folded) ?? []), ...starred.filter(([test]) => test?.(folded) === true)]
}

const ASCII = /^[\x21-\x7e]+$/

// Some file systems open `.ENV`, `.env.`, `.g\u200cit` or the fullwidth form as `.env` or `.git` (CVE-2014-9390).
// The folded form is only compared, never opened.
function foldName(name: string): string {
  const plain = ASCII.test(name) ? name : name.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '')
  const small = plain.toLowerCase()
  return /[. ]$/.test(small) ? small.replace(/(?<=[^. ])[. ]+$/, '') : small
}

function nameTest(pattern: string): NameTest {
  const [start = '', end] = foldName(pattern).split('*')
  if (end === undefined) return (name) => name === start
  return (name) => name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end)
}
