// Question: may this place be changed?
// Threat:   an agent that is talked into writing where reading was meant, or code that somebody runs later: `.git/hooks` (CVE-2025-53109).
// Rule:     only below a root that is declared writable, only extensions it names, and nothing inside the stores of version control.
// Limits:   knows names, not contents: a script under an allowed extension is written. Grant directories from which nothing is run.
// Proof:    write-rules.test.ts
import { extname } from 'node:path'
import type { PathRule } from './path-rules.ts'
import type { RootGrant } from './resources.ts'

// Hooks and settings in there are run by the next git command of whoever works in the directory.
const PROTECTED = new Set(['.git', '.hg', '.svn'])

/** Why a file of this name is not written, or undefined. `namesAbove` of the root are judged too: `.git` granted as a root stays closed. */
export function fileWriteRule(root: RootGrant, segments: readonly string[]): PathRule | undefined {
  const allowed = root.write_extensions
  const extension = extname(segments.at(-1) ?? '').toLowerCase()
  return placeWriteRule(root, segments) ?? (allowed?.includes(extension) === false ? 'extension' : undefined)
}

/** The same for a place that may be a directory, whose name has no extension. */
export function placeWriteRule(root: RootGrant, segments: readonly string[]): PathRule | undefined {
  if (!root.writable) return 'read_only'
  return [...root.path.split('/'), ...segments].some((name) => PROTECTED.has(name.toLowerCase()))
    ? 'protected'
    : undefined
}
