// Question: which entries do the .gitignore files of this tree leave out?
// Threat:   a .gitignore is content that others wrote: patterns that backtrack for minutes (`/**/a/**/a/**/b` in common libraries), huge files, links.
// Rule:     each file is walked to by descriptor and read bounded; its patterns become linear-time automata, their number and size are capped.
// Limits:   the files from the root down, as git reads them; not .git/info/exclude and no global list, which lie elsewhere.
// Proof:    gitignore.test.ts
import { readSync } from 'node:fs'
import { Denial } from '@hardened-mcp/security-core/worker'
import { RE2JS } from 're2js'
import { closing, errorCode, openForReading } from './descriptors.ts'
import { mustBeFile } from './entry-rules.ts'
import { globSource } from './glob.ts'
import { virtualPath } from './path-syntax.ts'
import type { OpenRoot } from './roots.ts'
import { withEntry } from './walk.ts'

const MAX_BYTES = 32_768 // the longest collections of templates have some 10 KiB
const MAX_PROGRAM = 20_000 // steps of one automaton
const HELD_DIRECTORIES = 20_000

/** Judges an entry by its names below the root. Of the patterns that fit, the last one of the deepest file decides. */
export function gitIgnored(root: OpenRoot): (segments: readonly string[], isDirectory: boolean) => boolean {
  const held = new Map<string, Rules | undefined>()
  function rulesOf(directory: readonly string[]): Rules | undefined {
    const key = directory.join('/')
    if (held.has(key)) return held.get(key)
    if (held.size >= HELD_DIRECTORIES) held.clear()
    const text = ignoreFile(root, directory)
    const rules = text === undefined ? undefined : compileIgnore(text, () => tooLarge(root, directory))
    held.set(key, rules)
    return rules
  }
  return function isIgnored(segments, isDirectory) {
    if (segments.at(-1) === '.git') return true
    for (let above = segments.length - 1; above >= 0; above--) {
      const verdict = rulesOf(segments.slice(0, above))?.(segments.slice(above), isDirectory)
      if (verdict !== undefined) return verdict
    }
    return false
  }
}

/** True: ignored; false: taken back by a `!` pattern; undefined: no pattern fits. Names are relative to the file's directory. */
export type Rules = (segments: readonly string[], isDirectory: boolean) => boolean | undefined

/** Patterns of one sign in a row: their order does not matter. */
type Run = {
  readonly ignores: boolean
  names: Set<string>
  directoryNames: Set<string>
  any: string[]
  directories: string[]
}

export function compileIgnore(text: string, excess: () => Denial): Rules {
  const runs: Run[] = []
  for (const line of text.replace(/^\ufeff/, '').split('\n')) addPattern(runs, line)
  const compiled = runs.toReversed().map((run) => {
    const any = automaton(run.any, excess)
    const directories = automaton(run.directories, excess)
    return { ...run, any, directories }
  })
  return function verdict(segments, isDirectory) {
    const name = segments.at(-1) ?? ''
    const path = segments.join('/')
    for (const { ignores, names, directoryNames, any, directories } of compiled) {
      if (names.has(name) || any?.testExact(path) === true) return ignores
      if (isDirectory && (directoryNames.has(name) || directories?.testExact(path) === true)) return ignores
    }
    return undefined
  }
}

function addPattern(runs: Run[], line: string): void {
  const trimmed = line.replace(/\r$/, '').replace(/(?<!\\) +$/, '')
  if (trimmed === '' || trimmed.startsWith('#')) return
  const ignores = !trimmed.startsWith('!')
  const whole = ignores ? trimmed : trimmed.slice(1)
  const isForDirectories = whole.endsWith('/')
  const pattern = isForDirectories ? whole.slice(0, -1) : whole
  if (pattern === '') return
  const last = runs.at(-1)
  const run: Run =
    last?.ignores === ignores
      ? last
      : { ignores, names: new Set(), directoryNames: new Set(), any: [], directories: [] }
  if (run !== last) runs.push(run)
  if (!/[*?[\\/]/.test(pattern))
    (isForDirectories ? run.directoryNames : run.names).add(pattern) // most patterns are one name
  else {
    const source = patternSource(pattern)
    if (source !== undefined) (isForDirectories ? run.directories : run.any).push(source)
  }
}

// A slash before the end binds a pattern to the file's own directory. One that is malformed fits nothing, as in git.
function patternSource(pattern: string): string | undefined {
  const isAnchored = pattern.includes('/')
  try {
    const source = globSource(pattern.replace(/^\//, ''), { braces: false })
    RE2JS.compile(source, RE2JS.DOTALL)
    return isAnchored ? source : `(?:.*/)?${source}`
  } catch {
    return undefined
  }
}

function automaton(sources: readonly string[], excess: () => Denial): RE2JS | undefined {
  if (sources.length === 0) return undefined
  const pattern = RE2JS.compile(sources.map((source) => `(?:${source})`).join('|'), RE2JS.DOTALL)
  if (pattern.programSize() > MAX_PROGRAM) throw excess()
  return pattern
}

// A missing file, a link and what else may not be opened is no .gitignore (git does not follow links here either).
function ignoreFile(root: OpenRoot, directory: readonly string[]): string | undefined {
  try {
    return withEntry(
      { ...root, grant: { ...root.grant, symlinks: 'refuse' } },
      [...directory, '.gitignore'],
      (entry) => {
        mustBeFile(root, entry)
        if (entry.stats.size > MAX_BYTES) throw tooLarge(root, directory)
        const bytes = Buffer.alloc(MAX_BYTES)
        const count = closing(openForReading(entry.fd), (fd) => readSync(fd, bytes, 0, MAX_BYTES, 0))
        return bytes.toString('utf8', 0, count)
      },
    )
  } catch (thrown) {
    if (thrown instanceof Denial ? thrown.code === 'too_large' : errorCode(thrown) === undefined) throw thrown
    return undefined
  }
}

const tooLarge = (root: OpenRoot, directory: readonly string[]) =>
  new Denial('too_large', 'A .gitignore is too large', {
    says: `${virtualPath({ root: root.grant, segments: [...directory, '.gitignore'] })} is too large; leave gitignore out`,
  })
