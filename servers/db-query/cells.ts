// One value of a row as JSON text: every value keeps its kind, and what is too long is cut with a word about it.

export const MAX_CELL_CHARS = 16_384
export const MAX_BLOB_BYTES = 12_288 // base64 makes this MAX_CELL_CHARS
const MAX_EXACT = BigInt(Number.MAX_SAFE_INTEGER)

export const isLong = (value: unknown) =>
  (typeof value === 'string' && value.length > MAX_CELL_CHARS) ||
  (Buffer.isBuffer(value) && value.length > MAX_BLOB_BYTES)

export function jsonCell(value: unknown): string {
  if (typeof value === 'string') return textCell(value)
  if (typeof value === 'bigint') return value <= MAX_EXACT && value >= -MAX_EXACT ? String(value) : `{"int":"${value}"}`
  // JSON has no infinities, and null would say that there is no value.
  if (typeof value === 'number')
    return Number.isFinite(value) ? String(value) : `{"real":"${value > 0 ? 'inf' : '-inf'}"}`
  if (Buffer.isBuffer(value)) return blobCell(value)
  return 'null'
}

const textCell = (value: string) =>
  value.length <= MAX_CELL_CHARS
    ? JSON.stringify(value)
    : JSON.stringify({ cut_text: clip(value, MAX_CELL_CHARS), chars: value.length })

const blobCell = (value: Buffer) =>
  JSON.stringify({
    blob_base64: value.toString('base64', 0, Math.min(value.length, MAX_BLOB_BYTES)),
    bytes: value.length,
    ...(value.length > MAX_BLOB_BYTES ? { cut: true } : {}),
  })

/** Never cuts between the halves of a surrogate pair: the text has to stay well-formed. */
export const clip = (text: string, chars: number) =>
  text.length <= chars
    ? text
    : text
        .slice(0, chars)
        .toWellFormed()
        .replace(/\ufffd$/, '')
