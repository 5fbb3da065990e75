// What a walk leaves out because the caller asked for it: globs, and what the .gitignore files of the tree name.
import { compileGlob } from './glob.ts'
import { gitIgnored } from './gitignore.ts'
import type { Listing } from './listing.ts'
import type { Entry } from './walk.ts'

/** Judges names below the start. Whatever lies below an excluded directory is not asked for: nobody enters it. */
export type Exclusion = (segments: readonly string[], isDirectory: boolean) => boolean

export function exclusion(
  { root }: Pick<Listing, 'root'>,
  start: Pick<Entry, 'segments'>,
  asked: Readonly<{ exclude: readonly string[]; gitignore?: boolean | undefined }>,
): Exclusion {
  const globs = asked.exclude.map(compileGlob)
  const isIgnored = asked.gitignore === true ? gitIgnored(root) : undefined
  return (segments, isDirectory) =>
    globs.some((excluded) => excluded(segments)) || isIgnored?.([...start.segments, ...segments], isDirectory) === true
}
