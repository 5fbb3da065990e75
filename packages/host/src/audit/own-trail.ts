// Question: is the trail on the disk still the one that this server wrote?
// Threat:   somebody who can write the audit directory, or a disk that loses data, beside a server that goes on as if nothing had happened.
// Rule:     every trail of the directory is verified at the start and each hour, its own up to the last record in memory; two failures in a row are told.
// Limits:   whoever took this process over can silence it, and an hour may pass: `audit verify` elsewhere, with anchors, answers that.
// Proof:    own-trail.test.ts, test/e2e/alerts.test.ts
import { setTimeout as delay } from 'node:timers/promises'
import type { AuditTrail } from './file-sink.ts'
import { type SlotVerdict, verifyDirectory } from './verify/verify-directory.ts'

const EVERY_MS = 3_600_000
const AGAIN_MS = 10_000 // a command may be taking segments away just now
const MOST_NAMED = 2 // an audit field holds 256 characters

/** Begins at once. `report` gets one sentence, each time that two looks in a row fail. Returns how to stop. */
export function watchOwnTrail(from: {
  dir: string
  head: AuditTrail['head']
  report: (says: string) => void
  everyMs?: number
  againMs?: number
}): () => void {
  const { dir, head, report, everyMs = EVERY_MS, againMs = AGAIN_MS } = from
  const stop = new AbortController()
  const look = async () => {
    const anchor = head()
    const proof = anchor === undefined ? {} : { anchors: [anchor] }
    const { slots } = await verifyDirectory(dir, { ...proof, gently: true })
    return slots.filter(({ verdict }) => verdict !== 'pass')
  }
  const watch = async () => {
    while (!stop.signal.aborted) {
      let wrong = await look()
      if (wrong.length > 0) {
        await delay(againMs, undefined, { ref: false })
        wrong = await look()
      }
      if (wrong.length > 0 && !stop.signal.aborted) report(sentence(wrong))
      await delay(everyMs, undefined, { ref: false })
    }
  }
  watch().catch((thrown: unknown) => report(`The trail is not verified: ${String(thrown)}`))
  return () => stop.abort()
}

function sentence(wrong: readonly SlotVerdict[]): string {
  const named = wrong.slice(0, MOST_NAMED).map((slot) => {
    const at = 'badSeq' in slot && slot.badSeq !== undefined ? `record ${slot.badSeq}: ` : ''
    return `${slot.file}: ${at}${slot.reason ?? slot.verdict}`
  })
  const more = wrong.length - named.length
  return `The trail does not verify: ${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}
