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

export function secretNames(added: readonly string[]): SecretTest {
  const patterns = [...SECRET_NAMES.map(([pattern]) => pattern), ...added].map((pattern) =>
    pattern
      .split('/')
      .filter((part) => part !== '')
      .map(nameTest)
      .toReversed(),
  )
  const longest = Math.max(...patterns.map((parts) => parts.length))
  const innocent = SECRET_EXCEPTIONS.map(([pattern]) => nameTest(pattern))
  const endsSecret = (folded: readonly string[]) => {
    const last = folded.at(-1)
    if (last === undefined || innocent.some((test) => test(last))) return false
    return patterns.some(
      (parts) => parts.length <= folded.length && parts.every((test, i) => test(folded.at(-1 - i) ?? '')),
    )
  }
  return {
    onPath: (segments, above) => {
      const folded = [...above, ...segments].map(foldName)
      return segments.some((_, i) => endsSecret(folded.slice(0, above.length + i + 1)))
    },
    atEnd: (segments, above) => {
      const missing = Math.max(0, longest - segments.length)
      const around = missing === 0 ? [] : above.slice(-missing)
      return endsSecret([...around, ...segments.slice(-longest)].map(foldName))
    },
  }
}

const ASCII = /^[\x21-\x7e]+$/

// Some file systems open `.ENV`, `.env.`, `.g\u200cit` or the fullwidth form as `.env` or `.git` (CVE-2014-9390).
// The folded form is only compared, never opened.
function foldName(name: string): string {
  const plain = ASCII.test(name) ? name : name.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '')
  return plain.toLowerCase().replace(/(?<=[^. ])[. ]+$/, '')
}

function nameTest(pattern: string): NameTest {
  const [start = '', end] = foldName(pattern).split('*')
  if (end === undefined) return (name) => name === start
  return (name) => name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end)
}
