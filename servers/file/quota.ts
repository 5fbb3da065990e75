// Question: how much may be written below this root?
// Threat:   an agent in a loop that fills the disk of everybody.
// Rule:     each file at most max_file_bytes; with quota_bytes, all files below the root together, counted before each write, trash included.
// Limits:   the count takes about a second for 100 000 entries, and a root of more than 200 000 entries or 96 levels cannot have a quota.
// Proof:    write.test.ts
import { closeSync, lstatSync } from 'node:fs'
import { Denial } from '@hardened-mcp/security-core/worker'
import { errorCode, inside, openSameDirectory } from './descriptors.ts'
import type { OpenRoot } from './roots.ts'
import { tree } from './tree.ts'

const MAX_ENTRIES = 200_000

/** Throws `too_large` when `more` bytes do not fit. */
export function quota(root: OpenRoot, more: number): void {
  const most = root.grant.quota_bytes
  if (most === undefined || more <= 0) return
  if (bytesBelow(root) + more > most) throw tooLarge('The quota of the root is reached')
}

export const tooLarge = (reason: string) =>
  new Denial('too_large', reason, { says: 'This is more than may be written here; nothing was changed' })

function bytesBelow(root: OpenRoot): number {
  const startFd = openSameDirectory(root.fd)
  const walk = tree({ root, startFd, after: [], mayEnter: () => true })
  try {
    let bytes = 0
    let entries = 0
    for (let visited = walk.next(); visited !== undefined; visited = walk.next()) {
      if (++entries > MAX_ENTRIES) throw tooLarge('There are too many entries to count')
      if (visited.entry.kind === 'file') bytes += sizeOf(visited.dirFd, visited.entry.name)
    }
    if (walk.skipped().depth > 0) throw tooLarge('The tree is too deep to count')
    return bytes
  } finally {
    walk.close()
    closeSync(startFd)
  }
}

function sizeOf(dirFd: number, name: string): number {
  try {
    return lstatSync(inside(dirFd, name)).size
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return 0
    throw thrown
  }
}
