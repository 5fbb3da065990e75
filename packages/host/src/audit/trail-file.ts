// The file of one trail: whole appends that are durable when they resolve, and the way back when one was not whole.
import { constants, lstatSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { openPrivate, syncDirectory } from './private-files.ts'

/** What the group commit needs of a file. Tests give it one that fails. */
export type TrailFile = Readonly<{
  /** Resolves when all bytes are on the disk. After a rejection any part of them may be in the file. */
  append(bytes: Buffer): Promise<void>
  /** Resolves when the file still is the one at its path and is `length` bytes long; rejects when somebody else changed it. */
  mustHold(length: number): Promise<void>
  /** Takes back what a failed append left behind: at most `extra` bytes after `length`. */
  cutBack(length: number, extra: number): Promise<void>
  close(): Promise<void>
}>

// O_DSYNC: each write returns when data and length are durable, as if followed by fdatasync, in one system call.
const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_DSYNC

/** Opens or makes the file, with its name durable in `dir`. */
export async function openTrailFile(dir: string, path: string): Promise<{ file: TrailFile; handle: FileHandle }> {
  const handle = await openPrivate(path, FLAGS)
  try {
    await syncDirectory(dir)
    return { file: await trailFile(path, handle), handle }
  } catch (thrown) {
    await handle.close()
    throw thrown
  }
}

async function trailFile(path: string, handle: FileHandle): Promise<TrailFile> {
  const { ino, dev } = await handle.stat()

  // Synchronous: the write before it has come back, so the inode is at hand; a round through the thread pool is ten system calls more.
  function length(): number {
    const facts = lstatSync(path, { throwIfNoEntry: false })
    // Deleted or moved away: the handle would go on taking records that nobody will ever read.
    if (facts === undefined) throw new ForeignChange('The trail is gone from its path')
    if (facts.ino !== ino || facts.dev !== dev) throw new ForeignChange('The trail was replaced at its path')
    return facts.size
  }

  return {
    async append(bytes) {
      let done = 0
      while (done < bytes.length) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, null)
        if (bytesWritten === 0) throw new Error('The disk took no bytes')
        done += bytesWritten
      }
    },
    async mustHold(expected) {
      const found = length()
      if (found !== expected) throw new ForeignChange(`The trail should be ${expected} bytes long and is ${found}`)
    },
    async cutBack(expected, extra) {
      const found = length()
      if (found < expected || found > expected + extra)
        throw new ForeignChange('The trail was changed by somebody else')
      if (found === expected) return
      await handle.truncate(expected)
      await handle.sync()
    },
    close: () => handle.close(),
  }
}

/** Somebody else writes, cuts or replaces the file. Nothing is repaired then: it would destroy what they wrote. */
export class ForeignChange extends Error {
  override readonly name = 'ForeignChange'
}
