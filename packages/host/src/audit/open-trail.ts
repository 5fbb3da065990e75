// Where a trail goes on after a restart: reads its last lines, and moves an unfinished one aside.
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { faultOfLine, GENESIS, leafHash } from '@hardened-mcp/security-core'
import { openPrivate } from './private-files.ts'

/** The state after the last whole record: `seq` and `prev` of the next one, `length` of the file in bytes. */
export type TrailEnd = Readonly<{ seq: number; prev: string; length: number }>

const TAIL_BYTES = 3 * 8192 // the last two whole lines and a torn one, each at its longest

/**
 * Returns where to go on, and how many torn bytes were moved to `tornPath`. Throws `RangeError` when the last records do
 * not follow from each other: a trail that was tampered with is left as it is, for `audit verify`.
 */
export async function openTrail(
  handle: FileHandle,
  paths: { path: string; tornPath: string },
): Promise<TrailEnd & { tornBytes: number }> {
  const { size } = await handle.stat()
  const start = Math.max(0, size - TAIL_BYTES)
  const tail = await readExactly(handle, start, size - start)
  const whole = tail.lastIndexOf('\n') + 1
  const torn = tail.slice(whole)
  if (torn.length > 8192) throw damaged(paths.path)
  const length = start + whole
  const lines = tail.slice(0, whole).split('\n').slice(0, -1).slice(-2)
  const end = lines.length === 0 ? { seq: 0, prev: GENESIS } : follow(lines, length, paths.path)
  if (torn.length > 0) {
    await setAside(paths.tornPath, torn) // first, so that no crash between the two can lose the bytes
    await handle.truncate(length)
    await handle.sync()
  }
  return { ...end, length, tornBytes: torn.length }
}

function follow(lines: readonly string[], length: number, path: string): { seq: number; prev: string } {
  const last = lines.at(-1) as string
  const { wrong, claims } = faultOfLine(last)
  const before = lines.length === 2 ? lines[0] : undefined
  const onlyOne = length === last.length + 1
  const due = onlyOne ? { seq: 0, prev: GENESIS } : before === undefined ? undefined : nextAfter(before)
  if (wrong !== undefined || due === undefined || claims.seq !== due.seq || claims.prev !== due.prev)
    throw damaged(path)
  return { seq: claims.seq + 1, prev: leafHash(last) }
}

const nextAfter = (line: string) => ({ seq: faultOfLine(line).claims.seq + 1, prev: leafHash(line) })

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
