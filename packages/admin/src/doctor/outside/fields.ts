// Reads fields of a file or an answer whose shape nobody promised: whatever is not there is empty, and nothing throws.

export type Fields = Readonly<Record<string, unknown>>

export const partOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}

/** A list as it is, one value as a list of one, nothing as an empty list. */
export const itemsOf = (value: unknown): readonly unknown[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? (value as readonly unknown[]) : [value]

/** What is no text, number or truth value stays visible, as JSON. */
export const textOf = (value: unknown, otherwise = ''): string => {
  if (value === undefined || value === null) return otherwise
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export const textsOf = (value: unknown): readonly string[] => itemsOf(value).map((item) => textOf(item))
