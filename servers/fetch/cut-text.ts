// Cuts a page of text out of a longer one: at character boundaries, within a count of characters and a budget of JSON bytes.

export type Slice = Readonly<{ text: string; next?: number }>

const isLowSurrogate = (text: string, at: number) => (text.charCodeAt(at) & 0xfc00) === 0xdc00

/** Moves `at` back when it stands within a surrogate pair. */
const boundary = (text: string, at: number) => (at > 0 && at < text.length && isLowSurrogate(text, at) ? at - 1 : at)

/** `next` is where to go on; it is absent at the end of the text. */
export function cutText(text: string, start: number, length: number, maxBytes: number): Slice {
  const from = boundary(text, Math.min(start, text.length))
  let to = boundary(text, Math.min(from + length, text.length))
  if (to === from && from < text.length) to = Math.min(from + 2, text.length) // one pair at least, or paging would stand still
  let piece = text.slice(from, to)
  while (jsonBytes(piece) > maxBytes && piece.length > 2) {
    // Shrinks in proportion: two or three rounds, whatever the script or the escapes.
    const fitting = Math.floor((piece.length * maxBytes) / jsonBytes(piece)) - 1
    piece = piece.slice(0, boundary(piece, Math.max(2, Math.min(fitting, piece.length - 1))))
  }
  const end = from + piece.length
  return end < text.length ? { text: piece, next: end } : { text: piece }
}

const jsonBytes = (text: string) => Buffer.byteLength(JSON.stringify(text))
