// Writes the head of the trail to the log: whoever keeps these lines elsewhere can show later that the trail was not
// rewritten or cut up to there.
import type { OperationalLog } from '../log.ts'
import type { AuditTrail } from './file-sink.ts'

const EVERY_MS = 10_000 // what could be cut off the trail unseen: the records of ten seconds

/** One line `audit_head` every ten seconds in which records came; the process may end in between. */
export function logHeads({ head, note }: Pick<AuditTrail, 'head' | 'note'>, log: Pick<OperationalLog, 'info'>): void {
  let last = -1
  const write = () => {
    const anchor = head()
    if (anchor === undefined || anchor.seq === last) return
    last = anchor.seq
    log.info('audit_head', { ...anchor, checkpoint: note() })
  }
  setInterval(write, EVERY_MS).unref()
}
