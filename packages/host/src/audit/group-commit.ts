// Question: is the record on the disk before anything happens because of it?
// Threat:   a full or failing disk, a stalled one, a crash, a second writer: calls that happen and leave no record.
// Rule:     all records that queued up meanwhile become one durable write; a record's promise resolves after it, or rejects.
//           An error, a full queue or a commit over its deadline refuses; a later write that succeeds ends the refusal.
// Limits:   what a rejected record says may still be in the trail, as after any crash. A file that somebody else changed
//           stays refused until a restart.
// Proof:    group-commit.test.ts
import { type AuditEvent, type AuditSink, leafHash, type LineAnchor, recordLine } from '@hardened-mcp/security-core'
import type { Link, TrailEnd } from './open-trail.ts'
import { ForeignChange, type TrailFile } from './trail-file.ts'

export type GroupCommit = Readonly<{
  sink: AuditSink
  /** Whether a record would be taken now. */
  healthy(): boolean
  /** Sequence number and hash of the last durable record: kept elsewhere, it is an anchor. */
  head(): LineAnchor | undefined
  /** Takes no more records, settles those taken, and closes the file. */
  close(): Promise<void>
}>

type Waiting = Readonly<{ line: string; resolve: () => void; reject: (reason: Error) => void }>

const LIMITS = {
  queue: 4_096, // records; more are waiting than any set of workers can have calls
  deadlineMs: 5_000, // a caller's patience: after it the call is refused, whatever the disk does later
  retryMs: 1_000,
  segmentBytes: 64 * 1024 * 1024,
}

export type CommitLimits = Partial<typeof LIMITS>

export function groupCommit(options: {
  file: TrailFile
  start: TrailEnd
  server: string
  now: () => number
  /** Puts the file aside and returns a fresh one; `undefined` when that is not possible now. */
  rotate?: () => Promise<TrailFile | undefined>
  limits?: CommitLimits
}): GroupCommit {
  const { server, now, rotate } = options
  let { file } = options
  const limits = { ...LIMITS, ...options.limits }
  let durable = options.start
  let next: Link = options.start // after everything that is queued or being written
  let attempted = 0 // bytes of the write that is under way, or that failed
  let queue: Waiting[] = []
  let refused = 0
  let committing: Promise<void> | undefined
  let state: 'open' | 'failed' | 'lost' | 'closed' = 'open'
  let retry: NodeJS.Timeout | undefined

  function sink(event: AuditEvent): Promise<void> {
    if (state === 'open' && queue.length < limits.queue) return enqueue(event)
    refused += 1
    return Promise.reject(new Error(state === 'open' ? 'The audit queue is full' : REFUSALS[state]))
  }

  // Sequence and hash are fixed here, while the write before is still under way.
  function enqueue(event: AuditEvent): Promise<void> {
    return new Promise((resolve, reject) => {
      const line = recordLine({ server, ...event }, { seq: next.seq, atMs: now(), prev: next.prev })
      next = { seq: next.seq + 1, prev: leafHash(line) }
      queue.push({ line, resolve, reject })
      committing ??= Promise.resolve().then(commitAll) // what the same turn of the event loop adds goes along
    })
  }

  async function commitAll(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue
      queue = []
      await commit(batch, next)
    }
    committing = undefined
  }

  async function commit(batch: readonly Waiting[], after: Link): Promise<void> {
    const deadline = setTimeout(() => {
      fail(new Error(`The audit disk did not answer within ${limits.deadlineMs} ms`), batch)
    }, limits.deadlineMs)
    try {
      const bytes = Buffer.from(batch.map(({ line }) => `${line}\n`).join(''), 'latin1')
      if (durable.length >= limits.segmentBytes) await startSegment()
      attempted = bytes.length
      await file.append(bytes)
      const length = durable.length + bytes.length
      await file.mustHold(length)
      durable = { ...after, length } // late or not, it is in the trail, and the next record follows it
      for (const { resolve } of batch) resolve()
    } catch (thrown) {
      if (thrown instanceof ForeignChange) state = 'lost'
      fail(thrown, batch)
    } finally {
      clearTimeout(deadline)
    }
  }

  // The chain goes on in the new file. A trail that cannot be split goes on growing.
  async function startSegment(): Promise<void> {
    attempted = 0
    const fresh = await rotate?.()
    if (fresh === undefined) return
    await file.close().catch(() => undefined) // all it holds is durable
    file = fresh
    durable = { ...durable, length: 0 }
  }

  function fail(cause: unknown, batch: readonly Waiting[]): void {
    const reason = new Error('The audit record could not be made durable', { cause })
    for (const { reject } of [...batch, ...queue]) reject(reason)
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
    head: () => (durable.seq === 0 ? undefined : { seq: durable.seq - 1, hash: durable.prev }),
    healthy: () => state === 'open' && queue.length < limits.queue,
    async close() {
      state = 'closed'
      clearTimeout(retry)
      await committing
      await file.close()
    },
  }
}

const REFUSALS = {
  failed: 'The audit trail cannot be written at present',
  lost: 'The audit trail was changed by somebody else',
  closed: 'The audit trail is closed',
} as const
