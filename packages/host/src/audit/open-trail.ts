// Where a trail goes on after a restart: reads its last lines, and moves an unfinished one aside.
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { GENESIS, leafHash } from '@hardened-mcp/security-core'
import { faultOfLine } from '@hardened-mcp/security-core/verify'
import { openPrivate } from './private-files.ts'

/** The state after the last whole record: `seq` and `prev` of the next one, `length` of the file in bytes. */
export type TrailEnd = Readonly<{ seq: number; prev: string; length: number }>

export type Link = Omit<TrailEnd, 'length'>

const START: Link = { seq: 0, prev: GENESIS }
const TAIL_BYTES = 3 * 8192 // the last two whole lines and a torn one, each at its longest

/**
 * Returns where to go on, and how many torn bytes were moved to `tornPath`. `before` is where the segment before ended.
 * Throws `RangeError` when the last records do
 * not follow from each other: a trail that was tampered with is left as it is, for `audit verify`.
 */
export async function openTrail(
  handle: FileHandle,
  paths: { path: string; tornPath: string },
  before: Link = START,
): Promise<TrailEnd & { tornBytes: number }> {
  const { size } = await handle.stat()
  const start = Math.max(0, size - TAIL_BYTES)
  const tail = await readExactly(handle, start, size - start)
  const whole = tail.lastIndexOf('\n') + 1
  const torn = tail.slice(whole)
  if (torn.length > 8192) throw damaged(paths.path)
  const length = start + whole
  const lines = tail.slice(0, whole).split('\n').slice(0, -1).slice(-2)
  const end = lines.length === 0 ? before : follow(lines, { length, path: paths.path, before })
  if (torn.length > 0) {
    await setAside(paths.tornPath, torn) // first, so that no crash between the two can lose the bytes
    await handle.truncate(length)
    await handle.sync()
  }
  return { ...end, length, tornBytes: torn.length }
}

/** Where a segment that is no longer written ended. Throws `RangeError` when that cannot be told. */
export async function endOfSegment(path: string): Promise<Link> {
  const handle = await openPrivate(path, constants.O_RDONLY)
  try {
    const { size } = await handle.stat()
    const start = Math.max(0, size - TAIL_BYTES)
    const tail = await readExactly(handle, start, size - start)
    const line = tail.split('\n').at(-2)
    if (line === undefined || !tail.endsWith('\n') || faultOfLine(line).wrong !== undefined) throw damaged(path)
    return nextAfter(line)
  } finally {
    await handle.close()
  }
}

function follow(lines: readonly string[], file: { length: number; path: string; before: Link }): Link {
  const last = lines.at(-1) as string
  const { claims } = faultOfLine(last) // of a line out of form they fit nothing
  const previous = lines.length === 2 ? lines[0] : undefined
  const onlyOne = file.length === last.length + 1
  const due = onlyOne ? file.before : previous === undefined ? undefined : nextAfter(previous)
  if (due === undefined || claims.seq !== due.seq || claims.prev !== due.prev) throw damaged(file.path)
  return { seq: claims.seq + 1, prev: leafHash(last) }
}

const nextAfter = (line: string): Link => ({ seq: faultOfLine(line).claims.seq + 1, prev: leafHash(line) })

async function readExactly(handle: FileHandle, start: number, length: number): Promise<string> {
  const bytes = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, start + done)
    if (bytesRead === 0) throw new RangeError('The trail became shorter while it was opened')
    done += bytesRead
  }
  return bytes.toString('latin1')
}

async function setAside(tornPath: string, torn: string): Promise<void> {
  const file = await openPrivate(tornPath, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL)
  try {
    await file.writeFile(torn, 'latin1')
    await file.sync()
  } finally {
    await file.close()
  }
}

const damaged = (path: string) =>
  new RangeError(
    `Audit trail ${path} is damaged at its end: run "audit verify" on its directory, then move the file away`,
  )
