// The audit trail of one running server: takes a slot, goes on where its trail ended, and hands out the sink.
import { basename, join } from 'node:path'
import { type AuditSink, fingerprint, type LineAnchor } from '@hardened-mcp/security-core'
import { type CommitLimits, groupCommit } from './group-commit.ts'
import { masterKey } from './master-key.ts'
import { endOfSegment, openTrail } from './open-trail.ts'
import { privateDirectory } from './private-files.ts'
import { activeName, rotation, segmentsIn } from './segments.ts'
import { lockSlot, type SlotLock } from './slot-lock.ts'
import { openTrailFile } from './trail-file.ts'

export type AuditTrail = Readonly<{
  sink: AuditSink
  /** Keyed hash of arguments, under the tenant's key. */
  fingerprint: (tenant: string, input: unknown) => string
  /** Whether a record would be taken now. */
  healthy(): boolean
  /** The last durable record. Kept where this process cannot reach, it is an anchor for `verifyDirectory`. */
  head(): (LineAnchor & Readonly<{ slot: number }>) | undefined
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
  const { slot, lock } = await firstFreeSlot(dir, key)
  try {
    return await openSlot({ ...options, dir, key, slot, lock })
  } catch (thrown) {
    await lock.release()
    throw thrown
  }
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
    const commit = groupCommit({ file, start, server, now, rotate: rotation(dir, slot), limits })
    if (tornBytes > 0) {
      const err = `${tornBytes} bytes of an unfinished record were moved to ${basename(tornPath)}`
      await commit.sink({ type: 'alert.raised', rule: 'audit_torn_record', err })
    }
    return {
      sink: commit.sink,
      fingerprint: fingerprint(options.key),
      healthy: commit.healthy,
      head() {
        const head = commit.head()
        return head === undefined ? undefined : { slot, ...head }
      },
      path,
      async close() {
        await commit.close()
        await lock.release()
      },
    }
  } catch (thrown) {
    await file.close()
    throw thrown
  }
}
