// The source files of the repository as text: what every rule of this folder reads.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `path` is relative to the root of the repository, with `/`. */
export type SourceFile = Readonly<{ path: string; text: string }>

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const PLACES = ['packages', 'servers', 'test', 'seccomp', 'deploy']
const SOURCE = /\.(?:ts|mts|cts|js|mjs|cjs)$/

export function sourceFiles(root = ROOT): readonly SourceFile[] {
  return PLACES.flatMap((place) => walk(root, place))
    .filter((path) => SOURCE.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

function walk(root: string, place: string): readonly string[] {
  const entries = readdirSync(join(root, place), { withFileTypes: true })
  const kept = entries.filter(({ name }) => name !== 'node_modules' && !name.startsWith('.'))
  return kept.flatMap((entry) => {
    const path = `${place}/${entry.name}`
    if (entry.isDirectory()) return walk(root, path)
    return entry.isFile() ? [path] : []
  })
}

/** Code that no running server loads. */
export const isTestCode = (path: string) =>
  /\.test\.ts$|\/fixture\.ts$|\/(?:fixtures?|testing)\//.test(path) ||
  path.startsWith('test/') ||
  path.startsWith('packages/testkit/')
