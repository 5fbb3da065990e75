// Question: is the record on the disk before anything happens because of it?
// Threat:   a full or failing disk, a stalled one, a crash, a second writer: calls that happen and leave no record.
// Rule:     all records that queued up meanwhile become one durable write; a record's promise resolves after it, or rejects.
//           An error, a full queue or a commit over its deadline refuses; a later write that succeeds ends the refusal.
// Limits:   what a rejected record says may still be in the trail, as after any crash. A file that somebody else changed
//           stays refused until a restart.
// Proof:    group-commit.test.ts
import { type AuditEvent, leafHash, recordLine } from '@hardened-mcp/security-core'
import type { Link, TrailEnd } from './open-trail.ts'
import type { Sealer } from './sealer.ts'
import { type CommitLimits, type GroupCommit, LIMITS, REFUSALS } from './commit-contract.ts'
import { ForeignChange, type TrailFile } from './trail-file.ts'

type Waiting = Readonly<{ line: string; leaf: string; resolve: () => void; reject: (reason: Error) => void }>

export function groupCommit(options: {
  file: TrailFile
  start: TrailEnd
  server: string
  now: () => number
  /** Puts the file aside and returns a fresh one; `undefined` when that is not possible now. */
  rotate?: () => Promise<TrailFile | undefined>
  sealer?: Sealer
  limits?: CommitLimits
}): GroupCommit {
  const { server, now, rotate, sealer } = options
  let { file } = options
  const limits = { ...LIMITS, ...options.limits }
  let durable = options.start
  let next: Link = options.start // after everything that is queued or being written
  let attempted = 0 // bytes of the write that is under way, or that failed
  let queue: Waiting[] = []
  let refused = 0
  let committing: Promise<void> | undefined
  let queuedAt = 0 // of the first record in the queue
  let writing: Readonly<{ count: number; since: number }> | undefined
  let state: 'open' | 'failed' | 'lost' | 'closed' = 'open'
  let retry: NodeJS.Timeout | undefined
  let sealWanted: Omit<Waiting, 'line' | 'leaf'>[] = []
  let segmentSince = now()
  let sealedAt = now()
  const sealTimer = sealer === undefined ? undefined : setInterval(sealInTime, limits.sealMs).unref()

  function sink(event: AuditEvent): Promise<void> {
    if (state === 'open' && queue.length < limits.queue) return enqueue(event)
    refused += 1
    return Promise.reject(new Error(state === 'open' ? 'The audit queue is full' : REFUSALS[state]))
  }

  // Sequence and hash are fixed here, while the write before is still under way.
  function enqueue(event: AuditEvent): Promise<void> {
    if (queue.length === 0) queuedAt = now()
    return new Promise((resolve, reject) => {
      queue.push({ ...chained(event), resolve, reject })
      committing ??= Promise.resolve().then(commitAll) // what the same turn of the event loop adds goes along
    })
  }

  function chained(event: AuditEvent): Pick<Waiting, 'line' | 'leaf'> {
    const line = recordLine({ server, ...event }, { seq: next.seq, atMs: now(), prev: next.prev })
    const leaf = leafHash(line)
    next = { seq: next.seq + 1, prev: leaf }
    return { line, leaf }
  }

  async function commitAll(): Promise<void> {
    while (queue.length > 0 || sealWanted.length > 0) {
      const batch = queue
      queue = []
      writing = { count: batch.length, since: queuedAt }
      await commit(batch)
    }
    writing = undefined
    committing = undefined
  }

  function seal(): Promise<void> {
    if (state !== 'open') return Promise.reject(new Error(REFUSALS[state]))
    return new Promise((resolve, reject) => {
      sealWanted.push({ resolve, reject })
      committing ??= Promise.resolve().then(commitAll)
    })
  }

  function sealInTime(): void {
    const idle = sealer?.sinceSeal() === 0 && now() - sealedAt < limits.idleSealMs
    if (state === 'open' && !idle) seal().catch(() => undefined) // the records it was for have been refused, or stand there
  }

  async function commit(batch: readonly Waiting[]): Promise<void> {
    const wanting = sealWanted
    sealWanted = []
    const deadline = setTimeout(() => {
      fail(new Error(`The audit disk did not answer within ${limits.deadlineMs} ms`), asked)
    }, limits.deadlineMs)
    const asked = [...batch, ...wanting]
    try {
      let text = batch.map(({ line }) => `${line}\n`).join('')
      const due = wanting.length > 0 || isFull(durable.length + text.length)
      // Nothing has been added since the queue was taken, so `next` still is the end of this batch.
      const leaves = batch.map(({ leaf }) => leaf)
      const checkpoint = sealer?.propose(leaves, due)
      if (checkpoint !== undefined) text += `${chained(checkpoint).line}\n`
      const after = next
      const bytes = Buffer.from(text, 'latin1')
      if (isFull(durable.length)) await startSegment()
      attempted = bytes.length
      await file.append(bytes)
      const length = durable.length + bytes.length
      await file.mustHold(length)
      durable = { ...after, length } // late or not, it is in the trail, and the next record follows it
      sealer?.settle(checkpoint === undefined ? undefined : after.prev)
      if (checkpoint !== undefined) sealedAt = now()
      for (const { resolve } of asked) resolve()
    } catch (thrown) {
      if (thrown instanceof ForeignChange) state = 'lost'
      fail(thrown, asked)
    } finally {
      clearTimeout(deadline)
    }
  }

  const isFull = (length: number) =>
    length >= limits.segmentBytes || (length > 0 && now() - segmentSince >= limits.segmentMs)

  // The chain goes on in the new file. A trail that cannot be split goes on growing.
  async function startSegment(): Promise<void> {
    attempted = 0
    const fresh = await rotate?.()
    if (fresh === undefined) return
    await file.close().catch(() => undefined) // all it holds is durable
    file = fresh
    segmentSince = now()
    durable = { ...durable, length: 0 }
  }

  function fail(cause: unknown, batch: readonly Pick<Waiting, 'reject'>[]): void {
    const reason = new Error('The audit record could not be made durable', { cause })
    for (const { reject } of [...batch, ...queue, ...sealWanted]) reject(reason)
    sealWanted = []
    if (state === 'open') {
      refused += batch.length + queue.length
      state = 'failed'
    }
    queue = []
    if (state === 'failed') scheduleRepair()
  }

  function scheduleRepair(): void {
    clearTimeout(retry)
    retry = setTimeout(() => void repair(), limits.retryMs).unref()
  }

  // The proof that the disk works again is a record that says it did not.
  async function repair(): Promise<void> {
    if (state !== 'failed') return
    if (committing !== undefined) return scheduleRepair() // the stalled write has not come back yet
    try {
      await file.cutBack(durable.length, attempted)
    } catch (thrown) {
      if (thrown instanceof ForeignChange) state = 'lost'
      else scheduleRepair()
      return
    }
    if (state !== 'failed') return
    attempted = 0
    next = durable
    const count = refused
    await enqueue({ type: 'alert.raised', rule: 'audit_interrupted', err: `${count} records were refused` }).then(
      () => {
        refused -= count
        if (state === 'failed') state = 'open'
      },
      () => undefined, // `fail` has asked for the next attempt
    )
  }

  return {
    sink,
    seal,
    head: () => (durable.seq === 0 ? undefined : { seq: durable.seq - 1, hash: durable.prev }),
    load: () => ({
      queued: queue.length + (writing?.count ?? 0),
      lagMs: writing === undefined ? 0 : Math.max(0, now() - writing.since),
    }),
    healthy: () => state === 'open' && queue.length < limits.queue,
    async close() {
      clearInterval(sealTimer)
      if (state === 'open' && sealer !== undefined && sealer.sinceSeal() + queue.length > 0)
        await seal().catch(() => undefined) // the chain holds without it
      state = 'closed'
      clearTimeout(retry)
      await committing
      await sealer?.close().catch(() => undefined) // the key that is kept finds its way from an earlier checkpoint
      await file.close()
    },
  }
}
