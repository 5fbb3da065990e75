// What a slot keeps between two processes: the key of the epoch that is open, and how far the tree had grown when it was written.
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { openPrivate, readPrivate, replaceFile } from './private-files.ts'

const MAX_STATE_BYTES = 8 * 1024
const hex = z.string().regex(/^[0-9a-f]{64}$/)
const stateShape = z.strictObject({
  v: z.literal(1),
  epoch: z.int().min(1),
  seed: hex,
  /** Records of the trail that the tree holds, the hash of the last one, and the roots of its full subtrees. */
  size: z.int().min(0),
  prev: hex,
  peaks: z.array(hex).max(53),
})
export type EpochState = z.output<typeof stateShape>

const stateName = (slot: number): string => `slot-${slot}.key`

/** Returns `undefined` when the slot never had one. Throws `RangeError` when the file is there and says something else. */
export async function readState(dir: string, slot: number): Promise<EpochState | undefined> {
  const path = join(dir, stateName(slot))
  const text = await readPrivate(path, MAX_STATE_BYTES)
  if (text === undefined) return undefined
  try {
    return stateShape.parse(JSON.parse(text))
  } catch {
    throw new RangeError(
      `${path} is damaged: run "audit verify" on its directory, then move the trail of this slot away`,
    )
  }
}

/** Durable when it resolves. The seed that was there before is overwritten, as far as the file system lets anybody do that. */
export async function writeState(dir: string, slot: number, state: EpochState): Promise<void> {
  const path = join(dir, stateName(slot))
  const old = await openPrivate(path, constants.O_RDWR).catch(() => undefined)
  await replaceFile(dir, stateName(slot), `${JSON.stringify(state)}\n`)
  if (old !== undefined) await erase(old)
}

async function erase(file: FileHandle): Promise<void> {
  try {
    const { size } = await file.stat()
    await file.write(Buffer.alloc(size), 0, size, 0)
    await file.datasync()
  } finally {
    await file.close()
  }
}
