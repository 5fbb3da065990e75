// Tells text from bytes, and finds out how it is encoded, from the beginning of a file.

export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'

const SAMPLE_BYTES = 8_192 // what git looks at
const SHARE_OF_CONTROLS = 0.02 // random bytes have 10 %, legacy text next to none

/** `undefined` when the bytes are no text. */
export function textEncoding(start: Buffer): TextEncoding | undefined {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le'
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be'
  const sample = start.subarray(0, SAMPLE_BYTES)
  if (sample.includes(0) || sample.subarray(0, 5).equals(Buffer.from('%PDF-'))) return undefined
  if (isUtf8Start(sample)) return 'utf-8'
  return controls(sample) > sample.length * SHARE_OF_CONTROLS ? undefined : 'windows-1252'
}

export const textDecoder = (encoding: TextEncoding) => new TextDecoder(encoding)

// The sample may end inside a character: as a stream, the decoder waits for the rest.
function isUtf8Start(sample: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(sample, { stream: true })
    return true
  } catch {
    return false
  }
}

const controls = (sample: Buffer) => sample.reduce((count, byte) => count + (isControl(byte) ? 1 : 0), 0)

// Tab, line feed, form feed, carriage return and escape belong to text.
const isControl = (byte: number) =>
  byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0c && byte !== 0x0d && byte !== 0x1b
