// How configuration is parsed: by a strict schema, and the first mistake is one clear line.
import type { z } from 'zod'

/** Throws `RangeError` on a misspelt key, a wrong type or a missing value; the line names the place. */
export function parseStrictly<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue?.path.map(String).join('.') || 'top level'
  throw new RangeError(`${what}, ${where}: ${issue?.message}`)
}
