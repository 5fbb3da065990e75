// Verifies every trail of an audit directory, and says with one exit code what follows. Imports nothing of what writes trails.
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  type Anchor,
  readVerifierKey,
  trailVerifier,
  type Verdict,
  type VerifierKey,
} from '@hardened-mcp/security-core/verify'
import { boundaryOf, liveKey, namedKey, openRegular, type SlotFiles, trailsIn } from './trail-files.ts'

/** An anchor names the slot it belongs to. */
export type SlotAnchor = Anchor & Readonly<{ slot: number }>

export type SlotVerdict = Readonly<
  | ({ slot: number; file: string } & Verdict)
  /** `fail`: the trail is gone. `error`: it could not be read, and nothing is known. */
  | { slot: number | null; file: string; verdict: 'fail' | 'error'; reason: string }
>

export type DirectoryVerdict = Readonly<{
  /** 0 pass, 1 fail, 2 processing error, 3 not established: nothing proves that a trail has its end. */
  exitCode: 0 | 1 | 2 | 3
  slots: readonly SlotVerdict[]
}>

/** `key` is the verifier key of the log, kept elsewhere; without it the one that the directory names is believed. */
export type VerifyOptions = Readonly<{
  anchors?: readonly SlotAnchor[]
  key?: string
  /** Sees every line that holds, in order, with its slot. */
  onLine?: (line: string, slot: number) => void
  /** Beside a server that answers: small pieces, and a tenth of one core at most. */
  gently?: boolean
}>

/** A record as FORMAT.md has it. */
export type AuditRecord = Readonly<
  { seq: number; ts: string; type: string; prev: string; dur_ms?: number; rows?: number; bytes?: number } & {
    [Field in TextField]?: string
  }
>
type TextField =
  | 'call_id'
  | 'server'
  | 'tool'
  | 'tenant'
  | 'caller'
  | 'auth'
  | 'client'
  | 'args'
  | 'marks'
  | 'decision'
  | 'rule'
  | 'policy'
  | 'trace'
  | 'err'

/** What a record in the trail of slot `by`, at number `seq`, says of `slot`. */
type Pruned = Readonly<{ slot: number; size: number; root: string; seq: number; by: number }>

const CHUNK_BYTES = 1024 * 1024
const SMALL_BYTES = 64 * 1024 // about a millisecond
const LISTINGS = 10 // a running server may start a file between listing and opening

/** Prints nothing. With `anchors`, every trail must have one to be established; without, the key that the slot keeps will do. */
export async function verifyDirectory(dir: string, options: VerifyOptions = {}): Promise<DirectoryVerdict> {
  const found = await trailsIn(dir).catch(() => undefined)
  if (found === undefined || found.length === 0) {
    const reason = found === undefined ? 'The directory cannot be read' : 'The directory holds no trail'
    return { exitCode: 2, slots: [{ slot: null, file: dir, verdict: 'error', reason }] }
  }
  const key = options.key === undefined ? await namedKey(dir).catch(() => undefined) : readVerifierKey(options.key)
  const anchors = options.anchors ?? []
  const pruned: Pruned[] = []
  const slots: SlotVerdict[] = []
  const highest = Math.max(...found.map(({ slot }) => slot), ...anchors.map(({ slot }) => slot))
  for (let slot = 0; slot <= highest; slot += 1) {
    const about = {
      dir,
      slot,
      file: `slot-${slot}.jsonl`,
      key,
      anchors: anchors.filter((anchor) => anchor.slot === slot),
    }
    // Slots are taken from 0 upwards, so a number below another one has been there.
    const gone = (found.find((files) => files.slot === slot)?.segments.length ?? 0) === 0
    if (gone) slots.push({ slot, file: about.file, verdict: 'fail', reason: 'The trail of this slot is missing' })
    else slots.push(await verifyTrail(about, pruned, options))
  }
  // A chain needs no key: what stands behind the last checkpoint may be anybody's.
  const sealedUpTo = (by: number) => slots.find(({ slot }) => slot === by) as { sealedUpTo?: number } | undefined
  const sealed = pruned.filter(({ seq, by }) => seq < (sealedUpTo(by)?.sealedUpTo ?? -1))
  const judged = slots.map((slot) => withPruning(slot, sealed))
  return { exitCode: exitCodeOf(judged, options.anchors), slots: judged }
}

function exitCodeOf(slots: readonly SlotVerdict[], anchors: readonly SlotAnchor[] | undefined): 0 | 1 | 2 | 3 {
  if (slots.some(({ verdict }) => verdict === 'fail')) return 1
  if (slots.some(({ verdict }) => verdict === 'error')) return 2
  const established = (slot: SlotVerdict) =>
    'end' in slot && slot.end !== 'not_established' && (anchors === undefined || 'anchoredUpTo' in slot.end)
  return slots.every(established) ? 0 : 3
}

// Anybody who can delete files can also make a boundary. That it was the operator stands in a trail, under its seals.
function withPruning(slot: SlotVerdict, pruned: readonly Pruned[]): SlotVerdict {
  if (!('prunedTo' in slot) || slot.prunedTo === undefined || slot.verdict === 'fail') return slot
  const { size, root } = slot.prunedTo
  if (pruned.some((said) => said.slot === slot.slot && said.size === size && said.root === root)) return slot
  const reason = `Records up to ${size - 1} are gone, and no record says that they were pruned`
  return { slot: slot.slot, file: slot.file, verdict: 'fail', reason }
}

async function verifyTrail(
  about: { dir: string; slot: number; file: string; key: VerifierKey | undefined; anchors: readonly SlotAnchor[] },
  pruned: Pruned[],
  { onLine, gently = false }: VerifyOptions,
): Promise<SlotVerdict> {
  const { dir, slot, file, key, anchors } = about
  const handles: FileHandle[] = []
  try {
    const live = await liveKey(dir, slot) // before the trail: what is sealed meanwhile comes after it
    const boundary = await boundaryOf(dir, slot)
    const verifier = trailVerifier({
      anchors,
      ...(key === undefined ? {} : { logKey: key.raw, origin: `${key.name}/slot-${slot}` }),
      ...(live === undefined ? {} : { live }),
      ...(boundary === undefined ? {} : { boundary }),
      onLine(line, type) {
        if (type === 'audit.pruned') pruned.push(prunedIn(line, slot))
        onLine?.(line, slot)
      },
    })
    const from = boundary === undefined ? 0 : verifier.due()
    handles.push(...(await openAll(dir, slot, from)))
    for (const handle of handles) await readInto(verifier, handle, gently)
    return { slot, file, ...verifier.end() }
  } catch (thrown) {
    return { slot, file, verdict: 'error', reason: thrown instanceof Error ? thrown.message : 'Cannot be read' }
  } finally {
    for (const handle of handles) await handle.close()
  }
}

function prunedIn(line: string, by: number): Pruned {
  const said = JSON.parse(line) as { seq: number; rule?: string; size?: number; root?: string }
  const { seq, rule = '', size = -1, root = '' } = said
  return { slot: /^slot-\d{1,2}$/.test(rule) ? Number(rule.slice(5)) : -1, size, root, seq, by }
}

/** All segments at one moment. What lies wholly before a boundary is what a crash left of pruning. */
async function openAll(dir: string, slot: number, from: number): Promise<FileHandle[]> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await segmentsOf(dir, slot)
    const handles: FileHandle[] = []
    try {
      for (const { name } of before.filter(({ first }) => first >= from))
        handles.push(await openRegular(join(dir, name)))
      if (JSON.stringify(before) === JSON.stringify(await segmentsOf(dir, slot))) return handles
    } catch (thrown) {
      for (const handle of handles) await handle.close()
      const moved = (thrown as { code?: unknown }).code === 'ENOENT'
      if (!moved || attempt === LISTINGS) throw thrown
      continue
    }
    for (const handle of handles) await handle.close()
    if (attempt === LISTINGS) throw new Error('The files of this slot change faster than they can be opened')
  }
}

const segmentsOf = async (dir: string, slot: number): Promise<SlotFiles['segments']> =>
  (await trailsIn(dir)).find((files) => files.slot === slot)?.segments ?? []

async function readInto(
  verifier: ReturnType<typeof trailVerifier>,
  handle: FileHandle,
  gently: boolean,
): Promise<void> {
  const chunk = Buffer.allocUnsafe(gently ? SMALL_BYTES : CHUNK_BYTES)
  for (;;) {
    const { bytesRead } = await handle.read(chunk, 0, chunk.length).catch(() => {
      throw new Error('Cannot be read')
    })
    if (bytesRead === 0) return
    const from = performance.now()
    verifier.push(chunk.subarray(0, bytesRead))
    if (gently) await delay(9 * (performance.now() - from), undefined, { ref: false })
  }
}
