// The beginning of a file as text, for those who look into many files: bounded, and never bytes that are no text.
import { readSync } from 'node:fs'
import { closing, openForReading } from './descriptors.ts'
import { textDecoder, textEncoding } from './text-encoding.ts'

export const FILE_BYTES = 4 * 1024 * 1024 // of one file; source text is far below, logs are read with read_text_file
const SAMPLE_BYTES = 8_192

/** `partial` when the file goes on; the text then ends at its last whole line. `undefined` when it is no text. */
export type TextStart = Readonly<{ text: string; bytes: number; partial: boolean }>

const bytes = Buffer.alloc(FILE_BYTES + 1) // one more than is used tells whether there is more; reused, as reads are synchronous

/** `pathFd` is already known to be a regular file. */
export const textStart = (pathFd: number): TextStart | undefined =>
  closing(openForReading(pathFd), (fd) => {
    let filled = fill(fd, 0, SAMPLE_BYTES)
    const encoding = textEncoding(bytes.subarray(0, filled))
    if (encoding === undefined) return undefined
    if (filled === SAMPLE_BYTES) filled = fill(fd, filled, bytes.length)
    const partial = filled > FILE_BYTES
    const text = textDecoder(encoding).decode(bytes.subarray(0, Math.min(filled, FILE_BYTES)))
    if (text.includes('\0')) return undefined
    return { text: partial ? text.slice(0, text.lastIndexOf('\n') + 1) : text, bytes: filled, partial }
  })

function fill(fd: number, from: number, to: number): number {
  let filled = from
  for (let count = -1; count !== 0 && filled < to; filled += count)
    count = readSync(fd, bytes, filled, to - filled, filled)
  return filled
}
