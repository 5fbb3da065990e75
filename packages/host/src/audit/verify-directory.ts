// Verifies every trail of an audit directory, and says with one exit code what follows.
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Anchor, trailVerifier, type Verdict } from '@hardened-mcp/security-core'
import { activeName, segmentsIn } from './segments.ts'

/** An anchor names the slot it belongs to. */
export type SlotAnchor = Anchor & Readonly<{ slot: number }>

export type SlotVerdict = Readonly<
  | ({ slot: number; file: string } & Verdict)
  /** `fail`: the trail is gone. `error`: it could not be read, and nothing is known. */
  | { slot: number | null; file: string; verdict: 'fail' | 'error'; reason: string }
>

export type DirectoryVerdict = Readonly<{
  /** 0 pass, 1 fail, 2 processing error, 3 not established: an anchor was asked for and a trail has none. */
  exitCode: 0 | 1 | 2 | 3
  slots: readonly SlotVerdict[]
}>

const CHUNK_BYTES = 1024 * 1024

/** Prints nothing. With `anchors`, every trail must have one: without, `end` of each verdict is `not_established`. */
export async function verifyDirectory(
  dir: string,
  options: { anchors?: readonly SlotAnchor[] } = {},
): Promise<DirectoryVerdict> {
  const found = await segmentsIn(dir).catch(() => undefined)
  if (found === undefined || found.size === 0) {
    const reason = found === undefined ? 'The directory cannot be read' : 'The directory holds no trail'
    return { exitCode: 2, slots: [{ slot: null, file: dir, verdict: 'error', reason }] }
  }
  const anchors = options.anchors ?? []
  const highest = Math.max(...found.keys(), ...anchors.map(({ slot }) => slot))
  const slots: SlotVerdict[] = []
  for (let slot = 0; slot <= highest; slot += 1) {
    const file = activeName(slot)
    const files = found.get(slot)
    if (files !== undefined) slots.push(await verifyTrail(dir, { slot, files, anchors }))
    // Slots are taken from 0 upwards, so a number below another one has been there.
    else slots.push({ slot, file, verdict: 'fail', reason: 'The trail of this slot is missing' })
  }
  return { exitCode: exitCodeOf(slots, options.anchors), slots }
}

function exitCodeOf(slots: readonly SlotVerdict[], anchors: readonly SlotAnchor[] | undefined): 0 | 1 | 2 | 3 {
  if (slots.some(({ verdict }) => verdict === 'fail')) return 1
  if (slots.some(({ verdict }) => verdict === 'error')) return 2
  if (anchors === undefined) return 0
  return slots.every((slot) => 'end' in slot && slot.end !== 'not_established') ? 0 : 3
}

async function verifyTrail(
  dir: string,
  trail: { slot: number; files: readonly string[]; anchors: readonly SlotAnchor[] },
): Promise<SlotVerdict> {
  const { slot, files } = trail
  const verifier = trailVerifier(trail.anchors.filter((anchor) => anchor.slot === slot))
  for (const file of files) {
    const reason = await readInto(verifier, join(dir, file))
    if (reason !== undefined) return { slot, file, verdict: 'error', reason }
  }
  return { slot, file: activeName(slot), ...verifier.end() }
}

/** Returns why the file could not be read. */
async function readInto(verifier: ReturnType<typeof trailVerifier>, path: string): Promise<string | undefined> {
  let handle: FileHandle | undefined
  try {
    // A link or a FIFO in this place is not a trail, and a FIFO would never end.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    if (!(await handle.stat()).isFile()) return 'Is not a regular file'
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES)
      if (bytesRead === 0) return undefined
      verifier.push(chunk.subarray(0, bytesRead))
    }
  } catch {
    return 'Cannot be read'
  } finally {
    await handle?.close()
  }
}
