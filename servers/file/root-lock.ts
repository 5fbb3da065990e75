// Question: who else is changing this root right now?
// Threat:   two workers, or two servers on one directory, that both read a file, both change it, and one change is lost.
// Rule:     a change holds the root's lock from the comparison to the rename; the kernel lets go of it when the process dies.
// Limits:   binds servers of this kind on one kernel. Editors and other programs do not ask for it: what they replace in the last
//           microseconds before the rename is seen by the final look only if it happened before that look.
// Proof:    write-crash.test.ts, write.test.ts
import { DatabaseSync } from 'node:sqlite'
import { Denial } from '@hardened-mcp/security-core/worker'
import { inside } from './descriptors.ts'

const WAIT_MS = 4_000 // less than half of the usual deadline: the call itself still has to be done
const SQLITE_BUSY = 5

export type RootLock = Readonly<{
  /** Runs `work` while no other holder runs. Throws `busy` when the lock is not free in time. */
  holding<T>(work: () => T): T
  close(): void
}>

/** `dirFd` holds the file of the lock. It stays empty: SQLite is here for the one kernel lock that Node can take. */
export function rootLock(dirFd: number): RootLock {
  const database = new DatabaseSync(inside(dirFd, 'lock'), { timeout: WAIT_MS })
  database.exec('PRAGMA journal_mode = MEMORY')
  return {
    holding(work) {
      take(database)
      try {
        return work()
      } finally {
        database.exec('ROLLBACK')
      }
    },
    close: () => database.close(),
  }
}

function take(database: DatabaseSync): void {
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (thrown) {
    if (!(thrown instanceof Error && 'errcode' in thrown && thrown.errcode === SQLITE_BUSY)) throw thrown
    throw new Denial('busy', `The root was locked for ${WAIT_MS} ms`, { retryAfterMs: 1_000 })
  }
}
