// The closed list of operations the worker understands: plain data, checked again on the worker's side.
import { type Budget, tenantField } from '@hardened-mcp/security-core/worker'
import { z } from 'zod'

export const MAX_PATH_CHARS = 4_096 // Linux PATH_MAX; bytes are counted by the path syntax
export const MAX_GLOB_CHARS = 256
export const MAX_EXCLUDES = 32
const MAX_LINE = 1_000_000_000
export const MAX_PATTERN_CHARS = 1_000
const MAX_TREE_DEPTH = 96 // as deep as a walk goes
export const MAX_CONTEXT = 10
export const MAX_MATCHES = 1_000
const MAX_FILES = 32 // of one read_multiple_files: 4 KiB of its answer for each
export const MAX_LINES = 100_000 // more than any answer can carry

// Bounds that clients need not know are checked and not listed: tools/list is paid for by every conversation.
const text = (most: number) =>
  z.string().refine(({ length }) => length >= 1 && length <= most, `Must have 1 to ${most} characters`)
const whole = (least: number, most: number) =>
  z
    .number()
    .refine(
      (value) => Number.isInteger(value) && value >= least && value <= most,
      `Must be a whole number from ${least} to ${most}`,
    )

export const path = text(MAX_PATH_CHARS)
export const paths = z.array(path).refine(({ length }) => length >= 1 && length <= MAX_FILES, `1 to ${MAX_FILES} paths`)
export const sort = z.enum(['name', 'size', 'modified'])
export const gitignore = z.boolean()
export const glob = text(MAX_GLOB_CHARS)
export const excludes = z.array(glob).refine(({ length }) => length <= MAX_EXCLUDES, `At most ${MAX_EXCLUDES} globs`)
export const cursor = text(MAX_PATH_CHARS)
/** Beginning with the line to go on at, 0 for none: `12:a/b.txt`. */
export const contentCursor = text(MAX_PATH_CHARS + 12).refine(
  (value) => /^\d{1,10}:/.test(value),
  'Must be truncated.next of an earlier answer',
)
export const pattern = text(MAX_PATTERN_CHARS)
export const depth = whole(1, MAX_TREE_DEPTH)
export const context = whole(0, MAX_CONTEXT)
export const matches = whole(1, MAX_MATCHES)
export const line = whole(1, MAX_LINE)
export const column = whole(0, MAX_LINE)
export const lines = whole(1, MAX_LINES)

const MAX_CONTENT_BYTES = 200_000 // as JSON: with the rest of an operation below what a worker takes at once
const fits = (value: unknown) => Buffer.byteLength(JSON.stringify(value)) <= MAX_CONTENT_BYTES
export const content = z
  .string()
  .refine((value) => value.isWellFormed(), 'Must be well-formed text')
  .refine(fits, `At most ${MAX_CONTENT_BYTES} bytes; write the rest with edit_file`)
export const hash = z.string().refine((value) => /^[0-9a-f]{64}$/.test(value), 'Must be a hash from get_file_info')
export const edits = z
  .array(
    z.strictObject({ old_text: content.refine(({ length }) => length > 0, 'Must not be empty'), new_text: content }),
  )
  .refine(
    (value) => value.length >= 1 && value.length <= 100 && fits(value),
    `1 to 100 edits, ${MAX_CONTENT_BYTES} bytes in all`,
  )
// Whose roots, and what the client narrowed them to: each is there where the operator's policy asks for it.
const scope = { tenant: tenantField.optional(), within: z.array(path).max(64).optional() }

export const operation = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('write'), ...scope, path, content, if_hash: hash.optional() }),
  z.strictObject({ op: z.literal('edit'), ...scope, path, edits, dry_run: z.boolean(), if_hash: hash.optional() }),
  z.strictObject({ op: z.literal('make_directory'), ...scope, path }),
  z.strictObject({ op: z.literal('move'), ...scope, path, to: path }),
  z.strictObject({ op: z.literal('delete'), ...scope, path, if_hash: hash.optional() }),
  z.strictObject({
    op: z.literal('read_text'),
    ...scope,
    path,
    from: z.discriminatedUnion('end', [
      z.strictObject({ end: z.literal('start'), line, column, lines }),
      z.strictObject({ end: z.literal('last'), lines }),
    ]),
    numbered: z.boolean(),
  }),
  z.strictObject({ op: z.literal('read_many'), ...scope, paths }),
  z.strictObject({ op: z.literal('read_media'), ...scope, path }),
  z.strictObject({ op: z.literal('list'), ...scope, path, sort: sort.optional(), cursor: cursor.optional() }),
  z.strictObject({
    op: z.literal('search'),
    ...scope,
    path,
    glob,
    exclude: excludes,
    gitignore: gitignore.optional(),
    cursor: cursor.optional(),
  }),
  z.strictObject({
    op: z.literal('search_content'),
    ...scope,
    path,
    pattern,
    glob: glob.optional(),
    exclude: excludes,
    gitignore: gitignore.optional(),
    context,
    ignore_case: z.boolean(),
    max: matches,
    cursor: contentCursor.optional(),
  }),
  z.strictObject({ op: z.literal('tree'), ...scope, path, depth, exclude: excludes, gitignore: gitignore.optional() }),
  z.strictObject({ op: z.literal('info'), ...scope, path }),
  z.strictObject({ op: z.literal('roots'), ...scope }),
])
export type Operation = Readonly<z.output<typeof operation>>
/** The part of every operation that says what it may look at. */
export type Scope = Pick<Operation, 'tenant' | 'within'>
export type OperationOf<Op extends Operation['op']> = Extract<Operation, { op: Op }>
/** What a walk through a tree is given: what was asked, what it may spend, and a clock in milliseconds. */
export type Task<Op extends Operation['op']> = Readonly<{ asked: OperationOf<Op>; spend: Budget; now: () => number }>

const CHANGES = ['write', 'edit', 'make_directory', 'move', 'delete'] as const
export type Change = OperationOf<(typeof CHANGES)[number]>
export const isChange = (asked: Operation): asked is Change => (CHANGES as readonly string[]).includes(asked.op)
