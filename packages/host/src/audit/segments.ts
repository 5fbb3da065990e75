// The files of one slot: `slot-N.jsonl` is being written; what was put aside is named after the first record in it.
import { constants } from 'node:fs'
import { lstat, open, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { faultOfLine } from '@hardened-mcp/security-core/verify'
import { codeOf } from './private-files.ts'
import { openTrailFile, type TrailFile } from './trail-file.ts'

const SEGMENT = /^slot-(0|[1-9][0-9]?)(?:\.(0|[1-9][0-9]{0,15}))?\.jsonl$/

/** Slot by slot, the names of its files in the order of their records; the one being written is last. */
export async function segmentsIn(dir: string): Promise<ReadonlyMap<number, readonly string[]>> {
  const slots = new Map<number, { first: number; name: string }[]>()
  for (const name of await readdir(dir)) {
    const [, slot, first = Number.MAX_SAFE_INTEGER] = SEGMENT.exec(name) ?? []
    if (slot === undefined) continue
    const known = slots.get(Number(slot)) ?? []
    slots.set(Number(slot), known.concat({ first: Number(first), name }))
  }
  const ordered = [...slots].map(
    ([slot, files]) => [slot, files.toSorted((one, other) => one.first - other.first).map(({ name }) => name)] as const,
  )
  return new Map(ordered)
}

/** The files of one slot with the number of the first record in each; one without a record is left out. */
export async function firstSeqs(
  dir: string,
  slot: number,
): Promise<readonly Readonly<{ name: string; first: number }>[]> {
  const names = (await segmentsIn(dir)).get(slot) ?? []
  const found = await Promise.all(names.map(async (name) => ({ name, first: await firstSeq(join(dir, name)) })))
  return found.flatMap(({ name, first }) => (first === undefined ? [] : [{ name, first }]))
}

export const activeName = (slot: number): string => `slot-${slot}.jsonl`

/** Returns the function that puts the active file of a slot aside and opens a fresh one; `undefined` when it cannot be done. */
export function rotation(dir: string, slot: number): () => Promise<TrailFile | undefined> {
  const path = join(dir, activeName(slot))
  return async function rotate() {
    const first = await firstSeq(path).catch(() => undefined)
    if (first === undefined) return undefined
    const aside = join(dir, `slot-${slot}.${first}.jsonl`)
    if ((await lstat(aside).catch(codeOf)) !== 'ENOENT') return undefined // rename would replace it
    try {
      await rename(path, aside)
      return (await openTrailFile(dir, path)).file
    } catch {
      // No room for a second file: go on in the first. Where even that fails, the next commit finds its file gone, and stops.
      await rename(aside, path).catch(() => undefined)
      return undefined
    }
  }
}

async function firstSeq(path: string): Promise<number | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(8192), 0, 8192, 0)
    const [line = ''] = buffer.toString('latin1', 0, bytesRead).split('\n')
    const { wrong, claims } = faultOfLine(line)
    return wrong === undefined ? claims.seq : undefined
  } finally {
    await handle.close()
  }
}
