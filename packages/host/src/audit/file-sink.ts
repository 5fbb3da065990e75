// The audit trail of one running server: takes a slot, goes on where its trail ended, and hands out the sink.
import { basename, join } from 'node:path'
import { randomBytes } from 'node:crypto'
import {
  type AuditSink,
  fingerprint,
  logName,
  rawPublicKey,
  SEED_BYTES,
  trailSigner,
  ed25519Key,
  verifierKey,
} from '@hardened-mcp/security-core'
import type { LineAnchor } from '@hardened-mcp/security-core/verify'
import { readState, writeState } from './epoch-state.ts'
import type { CommitLimits } from './commit-contract.ts'
import { groupCommit } from './group-commit.ts'
import { freeSpace } from './free-space.ts'
import { endOfSegment, openTrail } from './open-trail.ts'
import { privateDirectory } from './private-files.ts'
import { firstState, replay, type Replayed } from './replay.ts'
import { sealer } from './sealer.ts'
import { logKey, masterKey, onceWritten } from './secret-file.ts'
import { activeName, firstSeqs, rotation, segmentsIn } from './segments.ts'
import { lockSlot, type SlotLock } from './slot-lock.ts'
import { openTrailFile } from './trail-file.ts'

export type AuditTrail = Readonly<{
  sink: AuditSink
  /** Keyed hash of arguments, under the tenant's key. */
  fingerprint: (tenant: string, input: unknown) => string
  /** Whether a record would be taken now. */
  healthy(): boolean
  /** What waits for the disk, and what the disk has left. `low`: no call is begun, so that those under way can be recorded. */
  load(): Readonly<{ queued: number; lagMs: number; low: boolean; freeBytes?: number | undefined }>
  /** The last durable record. Kept where this process cannot reach, it is an anchor for `verifyDirectory`. */
  head(): (LineAnchor & Readonly<{ slot: number }>) | undefined
  /** The last checkpoint as a signed note, for whoever keeps such notes elsewhere. */
  note(): string | undefined
  slot: number
  /** The file this instance writes. */
  path: string
  /** Settles what was taken, then lets go of file and slot. */
  close(): Promise<void>
}>

const MAX_SLOTS = 64 // instances on one directory

/** Throws `RangeError` with one line where the operator can mend it: directory, modes, a damaged trail, no free slot. */
export async function openAuditSink(options: {
  dir: string
  server: string
  now: () => number
  limits?: CommitLimits
}): Promise<AuditTrail> {
  const dir = await privateDirectory(options.dir)
  const key = await masterKey(dir)
  const seed = await logKeyOf(dir)
  const { slot, lock } = await firstFreeSlot(dir, key)
  try {
    return await openSlot({ ...options, dir, key, seed, slot, lock })
  } catch (thrown) {
    await lock.release()
    throw thrown
  }
}

/** Makes the directory and its keys where they are missing. Returns the verifier key of its log: to be kept elsewhere. */
export async function initAuditDirectory(path: string): Promise<string> {
  const dir = await privateDirectory(path)
  await masterKey(dir)
  return verifierKeyOf(await logKeyOf(dir))
}

async function logKeyOf(dir: string): Promise<Buffer> {
  const seed = await logKey(dir)
  const line = `${verifierKeyOf(seed)}\n`
  if ((await onceWritten(dir, 'log.pub', () => line)) !== line)
    throw new RangeError(`${join(dir, 'log.pub')} is not the public half of log.key: one of them was replaced`)
  return seed
}

function verifierKeyOf(seed: Buffer): string {
  const publicKey = rawPublicKey(ed25519Key(seed))
  return verifierKey(logName(publicKey), publicKey)
}

async function firstFreeSlot(dir: string, key: Buffer): Promise<{ slot: number; lock: SlotLock }> {
  for (let slot = 0; slot < MAX_SLOTS; slot += 1) {
    const lock = await lockSlot({ dir, slot, key })
    if (lock !== undefined) return { slot, lock }
  }
  throw new RangeError(`Audit directory ${dir} has no free slot: ${MAX_SLOTS} instances use it`)
}

async function openSlot(options: {
  dir: string
  key: Buffer
  seed: Buffer
  slot: number
  lock: SlotLock
  server: string
  now: () => number
  limits?: CommitLimits
}): Promise<AuditTrail> {
  const { dir, slot, lock, server, now } = options
  const path = join(dir, activeName(slot))
  const tornPath = join(dir, `slot-${slot}.${now()}.torn`)
  const { file, handle } = await openTrailFile(dir, path)
  try {
    const aside = (await segmentsIn(dir)).get(slot)?.at(-2)
    const before = aside === undefined ? undefined : await endOfSegment(join(dir, aside))
    const { tornBytes, ...start } = await openTrail(handle, { path, tornPath }, before)
    const limits = options.limits ?? {}
    const stands = await standing(dir, slot)
    if (stands.tree.head().size !== start.seq || stands.prev !== start.prev)
      throw new RangeError(`Audit trail ${path} is damaged at its end: its files do not follow from each other`)
    const seals = sealer({ dir, slot, start: stands, signer: trailSigner(options.seed, slot) })
    const commit = groupCommit({ file, start, server, now, rotate: rotation(dir, slot), limits, sealer: seals })
    if (stands.unsealed) await commit.seal() // nothing is recorded before the log key vouched for the first epoch
    if (tornBytes > 0) {
      const err = `${tornBytes} bytes of an unfinished record were moved to ${basename(tornPath)}`
      await commit.sink({ type: 'alert.raised', rule: 'audit_torn_record', err })
    }
    const space = await freeSpace({
      dir,
      onChange(low, bytes) {
        if (!low) return
        const err = `${bytes} bytes are left: no call is begun until there are more`
        void commit.sink({ type: 'alert.raised', rule: 'audit_disk_low', err }).catch(() => undefined)
      },
    })
    return {
      sink: (event) =>
        space.refuses(event) ? Promise.reject(new Error('The audit disk is almost full')) : commit.sink(event),
      fingerprint: fingerprint(options.key),
      healthy: () => commit.healthy() && !space.low(),
      load: () => ({ ...commit.load(), low: space.low(), freeBytes: space.bytes() }),
      head() {
        const head = commit.head()
        return head === undefined ? undefined : { slot, ...head }
      },
      note: seals.note,
      slot,
      path,
      async close() {
        space.close()
        await commit.close()
        await lock.release()
      },
    }
  } catch (thrown) {
    await file.close()
    throw thrown
  }
}

async function standing(dir: string, slot: number): Promise<Replayed> {
  const segments = await firstSeqs(dir, slot)
  const known = await readState(dir, slot)
  const state = known ?? firstState(randomBytes(SEED_BYTES))
  const stands = await replay(dir, segments, state, known === undefined)
  if (known === undefined) {
    const { size } = stands.tree.head()
    await writeState(dir, slot, { ...state, size, prev: stands.prev, peaks: [...stands.tree.peaks()] })
  }
  return stands
}
