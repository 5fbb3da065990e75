// What a move writes down before it gives a file its second name, so that a crash in between leaves it with one.
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs'
import { z } from 'zod'

const note = z.strictObject({ from: z.array(z.string()), to: z.array(z.string()), inode: z.string().regex(/^\d+$/) })
export type MoveNote = Readonly<z.output<typeof note>>

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_SYNC, O_WRONLY } = constants

export function writeMoveNote(path: string, value: MoveNote): void {
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_SYNC, 0o600)
  try {
    writeSync(fd, JSON.stringify(value))
  } finally {
    closeSync(fd)
  }
}

/** `undefined` for a note that was cut off: the move it belongs to had not begun. */
export function readMoveNote(path: string): MoveNote | undefined {
  try {
    return note.parse(JSON.parse(readFileSync(path, { encoding: 'utf8', flag: constants.O_RDONLY | O_NOFOLLOW })))
  } catch {
    return undefined
  }
}
