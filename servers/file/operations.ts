// The closed list of operations the worker understands: plain data, checked again on the worker's side.
import { z } from 'zod'

export const MAX_PATH_CHARS = 4_096 // Linux PATH_MAX; bytes are counted by the path syntax
export const MAX_GLOB_CHARS = 256
export const MAX_EXCLUDES = 32
const MAX_LINE = 1_000_000_000
export const MAX_PATTERN_CHARS = 1_000
const MAX_TREE_DEPTH = 96 // as deep as a walk goes
export const MAX_CONTEXT = 10
export const MAX_MATCHES = 1_000
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

export const operation = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('read_text'),
    path,
    from: z.discriminatedUnion('end', [
      z.strictObject({ end: z.literal('start'), line, column, lines }),
      z.strictObject({ end: z.literal('last'), lines }),
    ]),
    numbered: z.boolean(),
  }),
  z.strictObject({ op: z.literal('list'), path, cursor: cursor.optional() }),
  z.strictObject({ op: z.literal('search'), path, glob, exclude: excludes, cursor: cursor.optional() }),
  z.strictObject({
    op: z.literal('search_content'),
    path,
    pattern,
    glob: glob.optional(),
    exclude: excludes,
    context,
    ignore_case: z.boolean(),
    max: matches,
    cursor: contentCursor.optional(),
  }),
  z.strictObject({ op: z.literal('tree'), path, depth, exclude: excludes }),
  z.strictObject({ op: z.literal('info'), path }),
  z.strictObject({ op: z.literal('roots') }),
])
export type Operation = Readonly<z.output<typeof operation>>
export type OperationOf<Op extends Operation['op']> = Extract<Operation, { op: Op }>
