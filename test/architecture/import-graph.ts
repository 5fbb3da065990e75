// Which file loads which: relative paths and the packages of this repository, resolved from the text of their files.
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type Import, importsOf } from './imports.ts'
import { ROOT, type SourceFile } from './source-files.ts'

/** `target` is a path of the repository, or the specifier of a package or a builtin. */
export type Edge = Readonly<{ target: string; kind: Import['kind'] }>
export type ImportGraph = ReadonlyMap<string, readonly Edge[]>

/** What `@hardened-mcp/name/sub` stands for, from the `exports` of each package. */
export type Workspaces = ReadonlyMap<string, string>

const HOMES = ['packages/security-core', 'packages/host', 'packages/admin', 'packages/testkit']
const SERVERS = ['servers/db-query', 'servers/file', 'servers/fetch']

export function workspaces(root = ROOT): Workspaces {
  const found = new Map<string, string>()
  for (const home of [...HOMES, ...SERVERS]) {
    const manifest = JSON.parse(readFileSync(join(root, home, 'package.json'), 'utf8')) as {
      name: string
      exports?: Readonly<Record<string, string>>
    }
    for (const [sub, target] of Object.entries(manifest.exports ?? {}))
      found.set(posix.join(manifest.name, sub), posix.join(home, target))
  }
  return found
}

export function importGraph(files: readonly SourceFile[], names: Workspaces): ImportGraph {
  const resolve = (from: string, specifier: string) =>
    specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : (names.get(specifier) ?? specifier)
  return new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(text).map(({ specifier, kind }) => ({ target: resolve(path, specifier), kind })),
    ]),
  )
}

/** Everything that runs when `entry` is loaded: files, packages and builtins. */
export function reachable(graph: ImportGraph, entry: string): ReadonlySet<string> {
  const seen = new Set<string>([entry])
  for (const file of seen)
    for (const { target, kind } of graph.get(file) ?? []) if (kind === 'runtime') seen.add(target)
  return seen
}
