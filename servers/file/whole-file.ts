// A file's bytes from its first to its last, bounded, and the hash by which callers name that state of it.
import { createHash } from 'node:crypto'
import { readSync } from 'node:fs'
import { closing, openForReading } from './descriptors.ts'
import { tooLarge } from './quota.ts'
import type { OpenRoot } from './roots.ts'

const CHUNK_BYTES = 1024 * 1024

/** SHA-256 in hex. */
export const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** `pathFd` is already known to be a regular file. Refuses (`too_large`) more bytes than the root lets anybody write. */
export const readWhole = ({ grant }: Pick<OpenRoot, 'grant'>, pathFd: number): Buffer =>
  closing(openForReading(pathFd), (fd) => {
    const pieces: Buffer[] = []
    let bytes = 0
    for (;;) {
      const piece = Buffer.allocUnsafe(CHUNK_BYTES)
      const count = readSync(fd, piece, 0, CHUNK_BYTES, bytes)
      if (count === 0) return Buffer.concat(pieces)
      pieces.push(piece.subarray(0, count))
      bytes += count
      if (bytes > grant.max_file_bytes) throw tooLarge('The file is larger than any that may be written')
    }
  })
