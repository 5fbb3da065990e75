// The tools that change files: they exist where a root is declared writable and the policy grants sys:file_write.
import { type Budget, defineTool, type ToolHints } from '@hardened-mcp/security-core'
import { z } from 'zod'
import { CONTENT } from './flow.ts'
import { content, edits, hash, type Operation, path } from './operations.ts'

export const WRITE = ['tool:write', 'sys:file_write'] as const
const BUDGET: Budget = { deadlineMs: 10_000, outputBytes: 65_536 }
const HINTS: ToolHints = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false }
const COMMON = {
  needs: [...WRITE, 'resource:local'],
  effect: 'write',
  yields: CONTENT,
  budget: BUDGET,
  annotations: HINTS,
} as const
const ADDS = { ...COMMON, annotations: { ...HINTS, destructiveHint: false } } as const
const output = z.looseObject({})

const writeFile = defineTool({
  ...COMMON,
  name: 'write_file',
  title: 'Write a file',
  description:
    'Makes a UTF-8 file, whole or not at all. To replace one, give if_hash from get_file_info or the last write.',
  input: z.strictObject({ path, content, if_hash: hash.optional() }),
  output,
  plan: ({ path, content, if_hash }): Operation => ({
    op: 'write',
    path,
    content,
    ...(if_hash === undefined ? {} : { if_hash }),
  }),
})

const editFile = defineTool({
  ...COMMON,
  name: 'edit_file',
  title: 'Edit a file',
  description:
    'Replaces texts, each of which must be there exactly once, in order. Answers a unified diff; dry_run changes nothing.',
  input: z.strictObject({ path, edits, dry_run: z.boolean().default(false), if_hash: hash.optional() }),
  output,
  plan: ({ path, edits, dry_run, if_hash }): Operation => ({
    op: 'edit',
    path,
    edits,
    dry_run,
    ...(if_hash === undefined ? {} : { if_hash }),
  }),
})

const createDirectory = defineTool({
  ...ADDS,
  name: 'create_directory',
  title: 'Create a directory',
  description: 'With those above it that are missing.',
  input: z.strictObject({ path }),
  output,
  plan: ({ path }): Operation => ({ op: 'make_directory', path }),
})

const moveFile = defineTool({
  ...COMMON,
  name: 'move_file',
  title: 'Move or rename',
  description: 'A file or directory to a name that is not taken, in the same allowed directory.',
  input: z.strictObject({ source: path, destination: path }),
  output,
  plan: ({ source, destination }): Operation => ({ op: 'move', path: source, to: destination }),
})

const deleteFile = defineTool({
  ...COMMON,
  name: 'delete_file',
  title: 'Delete a file or directory',
  description: 'trash says whether the operator can bring it back.',
  input: z.strictObject({ path, if_hash: hash.optional() }),
  output,
  plan: ({ path, if_hash }): Operation => ({ op: 'delete', path, ...(if_hash === undefined ? {} : { if_hash }) }),
})

/** In the order in which they are listed. */
export const writingTools = [writeFile, editFile, createDirectory, moveFile, deleteFile]
