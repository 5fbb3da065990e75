// Question: is the trail on the disk still the one that this server wrote?
// Threat:   somebody who can write the audit directory, or a disk that loses data, beside a server that goes on as if nothing had happened.
// Rule:     every trail of the directory is verified at the start and each hour, its own up to the last record in memory; two looks in a row that fail or cannot be taken are told.
// Limits:   whoever took this process over can silence it, and an hour may pass: `audit verify` elsewhere, with anchors, answers that.
// Proof:    own-trail.test.ts, test/e2e/alerts.test.ts
import { setTimeout as delay } from 'node:timers/promises'
import type { AuditTrail } from './file-sink.ts'
import { type SlotVerdict, verifyDirectory } from './verify/verify-directory.ts'

const EVERY_MS = 3_600_000
const AGAIN_MS = 10_000 // a command may be taking segments away just now
const MOST_NAMED = 2 // an audit field holds 256 characters

/** Begins at once. `report` gets one sentence, each time that two looks in a row find a fault or cannot be taken. Returns how to stop, over with the look that is under way. */
export function watchOwnTrail(from: {
  dir: string
  head: AuditTrail['head']
  report: (says: string) => void
  everyMs?: number
  againMs?: number
}): () => Promise<void> {
  const { dir, head, report, everyMs = EVERY_MS, againMs = AGAIN_MS } = from
  const stop = new AbortController()
  const look = async (): Promise<string | undefined> => {
    try {
      const anchor = head()
      const proof = anchor === undefined ? {} : { anchors: [anchor] }
      const { slots } = await verifyDirectory(dir, { ...proof, gently: true })
      return sentence(slots.filter(({ verdict }) => verdict !== 'pass'))
    } catch (thrown) {
      return `The trail is not verified: ${String(thrown)}`
    }
  }
  const wait = (ms: number) => delay(ms, undefined, { ref: false, signal: stop.signal }).catch(() => undefined) // stopped
  const watch = async () => {
    while (!stop.signal.aborted) {
      let wrong = await look()
      if (wrong !== undefined) {
        await wait(againMs)
        if (stop.signal.aborted) return
        wrong = await look()
      }
      if (wrong !== undefined && !stop.signal.aborted) report(wrong)
      await wait(everyMs)
    }
  }
  const over = watch()
  return () => {
    stop.abort()
    return over
  }
}

function sentence(wrong: readonly SlotVerdict[]): string | undefined {
  if (wrong.length === 0) return undefined
  const named = wrong.slice(0, MOST_NAMED).map((slot) => {
    const at = 'badSeq' in slot && slot.badSeq !== undefined ? `record ${slot.badSeq}: ` : ''
    return `${slot.file}: ${at}${slot.reason ?? slot.verdict}`
  })
  const more = wrong.length - named.length
  return `The trail does not verify: ${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}
