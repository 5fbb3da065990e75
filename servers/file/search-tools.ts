// The tools that walk below a directory: its tree, its names, its contents.
import { defineTool } from '@hardened-mcp/security-core'
import { z } from 'zod'
import {
  contentCursor,
  context,
  cursor,
  depth,
  excludes,
  gitignore,
  glob,
  matches,
  type Operation,
  path,
  pattern,
} from './operations.ts'
import { ANSWER, COMMON } from './reading.ts'

const ignored = gitignore.default(false)
const leaving = (wanted: boolean) => (wanted ? { gitignore: true } : {})

const directoryTree = defineTool({
  ...COMMON,
  name: 'directory_tree',
  title: 'Show a directory tree',
  description: 'All names below a directory; directories end in a slash. closed are never opened.',
  input: z.strictObject({
    path: path.default('.'),
    depth: depth.default(3),
    exclude: excludes.default([]),
    gitignore: ignored,
  }),
  output: ANSWER,
  plan: ({ path, depth, exclude, gitignore }): Operation => ({
    op: 'tree',
    path,
    depth,
    exclude,
    ...leaving(gitignore),
  }),
})

const searchFiles = defineTool({
  ...COMMON,
  name: 'search_files',
  title: 'Search files by name',
  description:
    'Finds entries below path by glob: * ? ** [a-z] {a,b}. Without a slash the glob is tested on names at any depth, with one on the path below the start. Symbolic links are not entered.',
  input: z.strictObject({
    path: path.default('.'),
    glob,
    exclude: excludes.default([]).describe('Globs of what to leave out, with all below'),
    gitignore: ignored.describe('Leave out what .gitignore names'),
    cursor: cursor.optional(),
  }),
  output: ANSWER,
  plan: (input): Operation => ({
    op: 'search',
    path: input.path,
    glob: input.glob,
    exclude: input.exclude,
    ...leaving(input.gitignore),
    ...(input.cursor === undefined ? {} : { cursor: input.cursor }),
  }),
})

const searchContent = defineTool({
  ...COMMON,
  name: 'search_content',
  title: 'Search in files',
  description:
    'Lines that match an RE2 pattern, in a file or below a directory. binary, skipped and partial count files not or not wholly searched. On truncated, go on with cursor = next.',
  input: z.strictObject({
    path: path.default('.'),
    pattern,
    glob: glob.optional(),
    exclude: excludes.default([]),
    gitignore: ignored,
    context: context.default(0),
    case: z.enum(['exact', 'ignore']).default('exact'),
    max: matches.default(100),
    cursor: contentCursor.optional(),
  }),
  output: z.looseObject({
    matches: z.array(z.unknown()), // what a row holds is seen in the first answer
    files_searched: z.number(),
  }),
  plan: ({ path, pattern, glob, exclude, gitignore, context, case: letters, max, cursor }): Operation => ({
    op: 'search_content',
    path,
    pattern,
    exclude,
    context,
    ignore_case: letters === 'ignore',
    max,
    ...leaving(gitignore),
    ...(glob === undefined ? {} : { glob }),
    ...(cursor === undefined ? {} : { cursor }),
  }),
})

/** In the order in which they are listed. */
export const searchingTools = [directoryTree, searchFiles, searchContent]
