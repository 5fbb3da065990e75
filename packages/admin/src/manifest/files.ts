// Files that `manifest` reads: bounded, and what is wrong with one said in one line.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

const MAX_BYTES = 16 * 1024 * 1024 // a manifest of 100 servers with 1000 tools each is larger than any that was seen
const READ = constants.O_RDONLY | constants.O_NONBLOCK // a FIFO in place of the file must not hang the command

/** The whole file as UTF-8 text. Throws `RangeError`. */
export function readText(path: string, what: string, maxBytes = MAX_BYTES): string {
  let fd: number
  try {
    fd = openSync(path, READ)
  } catch {
    throw new RangeError(`${what} ${path} cannot be read`)
  }
  try {
    if (!fstatSync(fd).isFile()) throw new RangeError(`${what} ${path} must be a regular file`)
    const bytes = Buffer.alloc(Math.min(fstatSync(fd).size, maxBytes) + 1)
    const size = readSync(fd, bytes, 0, bytes.length, 0)
    if (size > maxBytes) throw new RangeError(`${what} ${path} must be at most ${maxBytes} bytes`)
    return bytes.toString('utf8', 0, size)
  } finally {
    closeSync(fd)
  }
}

/** A verifier key: the line itself, or the file that holds it and nothing else. Throws `RangeError`. */
export const keyLine = (given: string): string =>
  /^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/.test(given) ? given : readText(given, 'Key', 1024).trim()
