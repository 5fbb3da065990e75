// What the group commit promises, its numbers, and what it says when it refuses.
import type { AuditSink } from '@hardened-mcp/security-core'
import type { LineAnchor } from '@hardened-mcp/security-core/verify'

export type GroupCommit = Readonly<{
  sink: AuditSink
  /** Whether a record would be taken now. */
  healthy(): boolean
  /** Records that wait for the disk, and for how long the oldest has waited. */
  load(): Readonly<{ queued: number; lagMs: number }>
  /** Sequence number and hash of the last durable record: kept elsewhere, it is an anchor. */
  head(): LineAnchor | undefined
  /** Writes a checkpoint now. Rejects like `sink`. */
  seal(): Promise<void>
  /** Takes no more records, settles those taken, and closes the file. */
  close(): Promise<void>
}>

export const LIMITS = {
  queue: 4_096, // records; more are waiting than any set of workers can have calls
  deadlineMs: 5_000, // a caller's patience: after it the call is refused, whatever the disk does later
  retryMs: 1_000,
  segmentBytes: 64 * 1024 * 1024,
  segmentMs: 24 * 3_600_000,
  sealMs: 10_000, // how long a record may stand without a checkpoint behind it
  idleSealMs: 300_000, // a checkpoint over nothing new: says that there was nothing
}

export type CommitLimits = Partial<typeof LIMITS>

export const REFUSALS = {
  failed: 'The audit trail cannot be written at present',
  lost: 'The audit trail was changed by somebody else',
  closed: 'The audit trail is closed',
} as const
