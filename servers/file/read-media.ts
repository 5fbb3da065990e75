// read_media_file: a whole image, sound or other binary file as base64, typed by its bytes.
import { readSync } from 'node:fs'
import { Denial, type Result } from '@hardened-mcp/security-core/worker'
import { payloadBytes, textBytes } from './answer-budget.ts'
import { closing, openForReading } from './descriptors.ts'
import { mustBeFile } from './entry-rules.ts'
import { mediaType } from './media-type.ts'
import { virtualPath } from './path-syntax.ts'
import type { OpenRoot } from './roots.ts'
import { textEncoding } from './text-encoding.ts'
import { uriOf } from './views.ts'
import type { Entry } from './walk.ts'

/** A file that does not fit whole is refused: half an image is none. */
export function readMedia(root: OpenRoot, entry: Entry, outputBytes: number): Result {
  mustBeFile(root, entry)
  const place = { root: root.grant, segments: entry.segments }
  const path = virtualPath(place)
  const uri = uriOf(place)
  const most = Math.floor(((payloadBytes(outputBytes) - textBytes(path) - textBytes(uri)) * 3) / 4) - 2
  if (entry.stats.size > most) throw tooLarge(most)
  const bytes = closing(openForReading(entry.fd), (fd) => whole(fd, most))
  const mime_type = mediaType(bytes)
  // Text goes through the filters that take hidden characters out. As base64 it would pass them by.
  if (mime_type === 'application/octet-stream' && textEncoding(bytes) !== undefined) throw isText()
  const answer = { path, uri, mime_type, size: bytes.length, data: bytes.toString('base64') }
  return { text: JSON.stringify(answer) }
}

// A file that grows meanwhile is read to the limit and refused there.
function whole(fd: number, most: number): Buffer {
  const bytes = Buffer.allocUnsafe(most + 1)
  let filled = 0
  for (let count = -1; count !== 0 && filled < bytes.length; filled += count)
    count = readSync(fd, bytes, filled, bytes.length - filled, filled)
  if (filled > most) throw tooLarge(most)
  return bytes.subarray(0, filled)
}

const isText = () =>
  new Denial('invalid_input', 'The file is text', { says: 'This file is text; read it with read_text_file' })

const tooLarge = (most: number) =>
  new Denial('too_large', 'The file does not fit in an answer', {
    says: `This file is larger than the ${most} bytes that an answer holds`,
  })
