// What a file can load, read from its text. Errs to one side only: text that looks like an import counts as one.

/** `type` imports are erased before the file runs. `opaque` is a load whose target cannot be read from the text. */
export type Import = Readonly<{ specifier: string; kind: 'runtime' | 'type' | 'opaque' }>

const CLAUSE =
  /\b(?:import|export)\s+(?<type>type\s+(?!from\b))?(?:(?!\b(?:import|export)\b)[\w$*{},\s])*?\bfrom\s*(?=['"])/g
const FROM = /\bfrom\s*(?:\/\*[^]*?\*\/\s*)?(['"])(?<specifier>[^'"\n]+)\1/g
const BARE = /\bimport\s*(['"])(?<specifier>[^'"\n]+)\1/g
const DYNAMIC = /\bimport\s*\(\s*(?:(['"`])(?<specifier>[^'"`\n$]+)\1\s*[,)])?/g
// Each loads a module, or runs text as code, past every import statement.
const OTHER_WAYS = [
  /\brequire\s*\(/,
  /\bcreateRequire\b/,
  /\bgetBuiltinModule\b/,
  /\bprocess\s*\.\s*(?:binding|_linkedBinding|dlopen)\b/,
  /\beval\s*\(/,
  /\bnew\s+Function\b/,
  /\bnode:(?:vm|module)\b/,
]

// The one part of `node:net` that is a function of text; imported by these names alone, it opens nothing.
const ADDRESS_SYNTAX =
  /\bimport\s*\{\s*isIP(?:v[46])?(?:\s*,\s*isIP(?:v[46])?)*\s*,?\s*\}\s*from\s*(?=['"]node:net['"])/g

export function importsOf(text: string): readonly Import[] {
  const erased = new Set<number>() // where the `from` of a type-only statement ends
  for (const match of text.matchAll(CLAUSE))
    if (match.groups?.['type'] !== undefined) erased.add(match.index + match[0].length)
  const pure = new Set([...text.matchAll(ADDRESS_SYNTAX)].map((match) => match.index + match[0].length))
  const found: Import[] = []
  for (const match of text.matchAll(FROM)) {
    const quoteAt = match.index + match[0].length - (match.groups?.['specifier']?.length ?? 0) - 2
    const specifier = pure.has(quoteAt) ? 'node:net#isIP' : (match.groups?.['specifier'] ?? '')
    found.push({ specifier, kind: erased.has(quoteAt) ? 'type' : 'runtime' })
  }
  for (const match of text.matchAll(BARE)) found.push({ specifier: match.groups?.['specifier'] ?? '', kind: 'runtime' })
  for (const match of text.matchAll(DYNAMIC)) {
    const specifier = match.groups?.['specifier']
    found.push(specifier === undefined ? { specifier: 'import()', kind: 'opaque' } : { specifier, kind: 'runtime' })
  }
  for (const way of OTHER_WAYS) {
    const match = way.exec(text)
    if (match !== null) found.push({ specifier: match[0], kind: 'opaque' })
  }
  return found
}
