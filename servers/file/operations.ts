// The closed list of operations the worker understands: plain data, checked again on the worker's side.
import { z } from 'zod'

export const MAX_PATH_CHARS = 4_096 // Linux PATH_MAX; bytes are counted by the path syntax
export const MAX_GLOB_CHARS = 256
export const MAX_EXCLUDES = 32
const MAX_LINE = 1_000_000_000
export const MAX_LINES = 100_000 // more than any answer can carry

export const path = z.string().min(1).max(MAX_PATH_CHARS)
export const glob = z.string().min(1).max(MAX_GLOB_CHARS)
export const excludes = z.array(glob).max(MAX_EXCLUDES)
export const cursor = z.string().min(1).max(MAX_PATH_CHARS)
export const line = z.int().min(1).max(MAX_LINE)
export const column = z.int().min(0).max(MAX_LINE)
export const lines = z.int().min(1).max(MAX_LINES)

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
  z.strictObject({ op: z.literal('info'), path }),
  z.strictObject({ op: z.literal('roots') }),
])
export type Operation = Readonly<z.output<typeof operation>>
export type OperationOf<Op extends Operation['op']> = Extract<Operation, { op: Op }>
