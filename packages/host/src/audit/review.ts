// Records that somebody looked at the trails of a directory: a sealed record for each, and the date where `doctor` looks for it.
import { openAuditSink } from './file-sink.ts'
import { replaceFile } from './private-files.ts'
import { masterKey } from './secret-file.ts'
import { fingerprint } from '@hardened-mcp/security-core'
import type { DirectoryVerdict } from './verify/verify-directory.ts'

/** Returns the ISO date of the review, which `last-review` now holds. */
export async function recordReview(
  dir: string,
  review: Readonly<{ verdict: DirectoryVerdict; by: string; note?: string; now: () => number }>,
): Promise<string> {
  const { verdict, by, note, now } = review
  const open = verdict.exitCode === 3 ? 'not established' : undefined // who signs for what nothing proves says so
  const said = [open, note].filter((text) => text !== undefined).join(': ')
  const trail = await openAuditSink({ dir, server: 'admin', now })
  try {
    for (const slot of verdict.slots)
      if ('head' in slot && slot.head !== undefined)
        await trail.sink({
          type: 'audit.reviewed',
          caller: by,
          rule: `slot-${slot.slot}`,
          size: slot.records,
          root: slot.head.root,
          ...(said === '' ? {} : { err: said }),
        })
  } finally {
    await trail.close()
  }
  const at = new Date(now()).toISOString()
  await replaceFile(dir, 'last-review', `${at}\n`)
  return at
}

/** The hash that a record of these arguments carries. */
export const argumentHash = async (dir: string, tenant: string, value: unknown): Promise<string> =>
  fingerprint(await masterKey(dir))(tenant, value)
