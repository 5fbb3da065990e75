// Question: which names does this glob mean?
// Threat:   a pattern that costs exponential time or memory: `{a,b}` eighteen times (5 s in the reference server), `*a*a*a*a`.
// Rule:     translated once into a linear-time automaton (RE2), braces as alternatives and never expanded; length and nesting bounded.
// Limits:   `*`, `?`, `**`, `[a-z]`, `[!a]`, `[[:digit:]]`, `{a,b}`, `\` before a character; case counts. No extglobs, no negation.
// Proof:    glob.test.ts
import { Denial } from '@hardened-mcp/security-core/worker'
import { RE2JS } from 're2js'

const MAX_BRACE_DEPTH = 4

/** Tests a path given as its names. A glob without a slash is tested on the last name, at any depth. */
export type Glob = (segments: readonly string[]) => boolean

export function compileGlob(glob: string): Glob {
  const pattern = compile(globSource(glob.replace(/^\.?\/+/, ''), { braces: true }))
  if (glob.includes('/')) return (segments) => pattern.testExact(segments.join('/'))
  return (segments) => pattern.testExact(segments.at(-1) ?? '')
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source, RE2JS.DOTALL)
  } catch {
    throw broken('it has a character range that runs backwards')
  }
}

const broken = (why: string) =>
  new Denial('invalid_input', `The glob is malformed: ${why}`, {
    says: 'The glob is malformed; it may hold * ? ** [a-z] [!a] {a,b} and \\ before a character to mean itself',
  })

type Piece = Readonly<{ length: number; source: string }>

/** The RE2 source of a glob. Without `braces` they mean themselves, as in git's patterns. */
export function globSource(glob: string, { braces }: Readonly<{ braces: boolean }>): string {
  let depth = 0
  let source = ''
  for (let at = 0; at < glob.length; ) {
    const rest = glob.slice(at)
    const atStart = at === 0 || (braces ? /[/{,]/ : /\//).test(glob[at - 1] ?? '')
    const piece = stars(rest, atStart) ?? (braces ? brace(rest, depth) : undefined) ?? single(rest)
    if (braces && rest.startsWith('{')) depth += 1
    if (rest.startsWith('}') && depth > 0) depth -= 1
    if (depth > MAX_BRACE_DEPTH) throw broken('braces are nested too deeply')
    source += piece.source
    at += piece.length
  }
  if (depth !== 0) throw broken('a brace is not closed')
  return source
}

// `**` means any number of directories only where it stands for whole names, as in git and editors.
function stars(rest: string, atStart: boolean): Piece | undefined {
  const run = /^\*+/.exec(rest)?.[0].length ?? 0
  if (run === 0) return undefined
  const after = rest[run]
  if (run >= 2 && atStart && after === '/') return { length: run + 1, source: '(?:[^/]+/)*' }
  if (run >= 2 && atStart && (after === undefined || after === '}' || after === ','))
    return { length: run, source: '.+' }
  return { length: run, source: '[^/]*' }
}

function brace(rest: string, depth: number): Piece | undefined {
  if (rest.startsWith('{')) return { length: 1, source: '(?:' }
  if (rest.startsWith('}') && depth > 0) return { length: 1, source: ')' }
  return rest.startsWith(',') && depth > 0 ? { length: 1, source: '|' } : undefined
}

function single(rest: string): Piece {
  if (rest.startsWith('?')) return { length: 1, source: '[^/]' }
  if (rest.startsWith('[')) return bracket(rest)
  const escaped = rest.startsWith('\\')
  const [character] = escaped ? rest.slice(1) : rest
  if (character === undefined) throw broken('it ends in a backslash')
  return { length: character.length + (escaped ? 1 : 0), source: literal(character) }
}

function bracket(rest: string): Piece {
  const [whole, not, set] = /^\[([!^]?)(\]?(?:\[:[a-z]+:\]|[^\]])*)\]/s.exec(rest) ?? []
  if (whole === undefined || set === undefined || set === '') throw broken('a bracket is not closed')
  // Classes such as [:digit:] mean the same to RE2; everything else means itself.
  const escaped = set
    .replace(/(\[:[a-z]+:\])|[\\\][^&~|]/g, (one: string) => (one.startsWith('[:') ? one : `\\${one}`))
    .replaceAll('/', '')
  return { length: whole.length, source: not === '' ? `[${escaped}]` : `[^/${escaped}]` }
}

const literal = (character: string) => (/[\w\s]|[^\u0000-\u007f]/.test(character) ? character : `\\${character}`)
