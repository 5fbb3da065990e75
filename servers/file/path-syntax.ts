// Question: which file, below which root, does this text name?
// Threat:   `..`, absolute paths, prefixes that only look like a root (CVE-2025-53110), encodings, NUL, control characters.
// Rule:     one reading: relative to the first root, absolute below a root, or `name:/path`; nothing is decoded, expanded, trimmed or folded.
// Limits:   judges text. What the names lead to on the disk is decided by the walk, one name at a time.
// Proof:    path-syntax.test.ts
import type { PathRule } from './path-rules.ts'

const MAX_PATH_BYTES = 4_096 // Linux PATH_MAX
const MAX_NAME_BYTES = 255 // Linux NAME_MAX

/** One place below a root. No segment is empty, `.` or `..`, or holds a slash or a control character. */
export type Place<Root> = Readonly<{ root: Root; segments: readonly string[] }>

export type PathReading<Root> =
  | Readonly<{ ok: true; place: Place<Root> }>
  | Readonly<{ ok: false; rule: PathRule; reason: string }>

type NamedRoot = Readonly<{ name: string; path: string }>

// Also 0x80 to 0x9f: terminals obey C1 controls, and the answer could not show such a name.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/
const VIRTUAL = /^([A-Za-z][A-Za-z0-9_-]{0,63}):\/(.*)$/s

/** Returns the function that reads a path argument. `./docs:/x` names a directory called `docs:`. */
export function pathReader<Root extends NamedRoot>(roots: readonly Root[]): (text: string) => PathReading<Root> {
  const byName = new Map(roots.map((root) => [root.name, root]))
  // The longest first: of two roots, one inside the other, the inner one's rules are meant.
  const byDepth = roots
    .map((root) => ({ root, parts: segmentsOf(root.path) }))
    .toSorted((a, b) => b.parts.length - a.parts.length)
  return function read(text) {
    const broken = malformed(text)
    if (broken !== undefined) return refuse('malformed', broken)
    const segments = segmentsOf(text)
    if (segments.includes('..')) return refuse('dotdot', 'the path has a .. segment')
    if (segments.some((segment) => Buffer.byteLength(segment) > MAX_NAME_BYTES))
      return refuse('missing', 'a name is longer than any file system holds')
    if (text.startsWith('/')) return below(byDepth, segments)
    const [, name, rest] = VIRTUAL.exec(text) ?? []
    const root = name === undefined ? roots[0] : byName.get(name)
    if (root === undefined) return refuse('outside', name === undefined ? 'there is no root' : 'no root has this name')
    return { ok: true, place: { root, segments: rest === undefined ? segments : segmentsOf(rest) } }
  }
}

/** The name by which answers call a place: a path argument that reads back to the same place. */
export const virtualPath = ({ root, segments }: Place<{ name: string }>) => `${root.name}:/${segments.join('/')}`

/** True when a name can be said in a path argument and shown in an answer. */
export const isSpeakable = (name: string) => !CONTROL.test(name) && !name.includes('\ufffd') && name.isWellFormed()

function malformed(text: string): string | undefined {
  if (text === '') return 'the path is empty'
  if (CONTROL.test(text)) return 'the path has a control character'
  if (!text.isWellFormed()) return 'the path has half a surrogate pair' // it would reach the kernel as another name
  return Buffer.byteLength(text) > MAX_PATH_BYTES ? 'the path is too long' : undefined
}

// `a//b` and `a/./b` are `a/b` for the kernel too.
const segmentsOf = (path: string) => path.split('/').filter((segment) => segment !== '' && segment !== '.')

// Whole names are compared: /srv/docs is no prefix of /srv/docs-secret.
function below<Root>(
  roots: readonly { root: Root; parts: readonly string[] }[],
  segments: readonly string[],
): PathReading<Root> {
  const found = roots.find(({ parts }) => parts.every((part, i) => part === segments[i]))
  if (found === undefined) return refuse('outside', 'the absolute path is below no root')
  return { ok: true, place: { root: found.root, segments: segments.slice(found.parts.length) } }
}

const refuse = (rule: PathRule, reason: string) => ({ ok: false, rule, reason }) as const
