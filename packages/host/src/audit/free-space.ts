// Question: is there room for the records of what is about to run?
// Threat:   a disk that fills up between request and result: something was done, and the trail ends before it says what became of it.
// Rule:     free space is looked at every second; below the reserve no request is taken, so no tool runs, and what runs already is recorded.
// Limits:   somebody else can fill the disk within that second; the write itself then fails, and the group commit refuses.
// Proof:    free-space.test.ts, test/e2e/audit-disk.test.ts
import type { StatsFs } from 'node:fs'
import { statfs } from 'node:fs/promises'
import type { AuditEvent } from '@hardened-mcp/security-core'

export const RESERVE_BYTES = 64 * 1024 * 1024 // room for 60 000 calls that have begun; more than any set of workers can hold
const SHARE = 20 // of a small volume, a twentieth
const LOOK_MS = 1_000

export type FreeSpace = Readonly<{
  /** Whether this record may not be taken: it would begin something, or says that nothing was begun. */
  refuses(event: AuditEvent): boolean
  low(): boolean
  /** As last seen; `undefined` where the file system does not say. */
  bytes(): number | undefined
  close(): void
}>

/** Looks once before it resolves. A file system that does not say how full it is has no reserve. */
export async function freeSpace(from: {
  dir: string
  onChange: (low: boolean, bytes: number) => void
  lookMs?: number
  look?: (dir: string) => Promise<Pick<StatsFs, 'blocks' | 'bavail' | 'bsize'>>
}): Promise<FreeSpace> {
  const ask = from.look ?? statfs
  let bytes: number | undefined
  let low = false
  const look = async () => {
    const facts = await ask(from.dir).catch(() => undefined)
    if (facts === undefined || facts.blocks === 0) return
    bytes = facts.bavail * facts.bsize
    const reserve = Math.min(RESERVE_BYTES, (facts.blocks * facts.bsize) / SHARE)
    if (bytes < reserve !== low) from.onChange(!low, bytes)
    low = bytes < reserve
  }
  await look()
  const timer = setInterval(() => void look(), from.lookMs ?? LOOK_MS).unref()
  return {
    refuses: ({ type, rule }) => low && (type === 'tool_call.request' || rule === 'audit_unavailable'),
    low: () => low,
    bytes: () => bytes,
    close: () => clearInterval(timer),
  }
}
