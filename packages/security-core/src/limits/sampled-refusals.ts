// Question: can a flood of refusals fill the disk of the trail?
// Threat:   a caller far over its rate limit, or one that guesses tool names or calls on while it is switched off, whose every refusal costs a durable record.
// Rule:     per caller and kind, ten such records a minute are written; the others are counted, and the next written one says how many.
// Limits:   only for refusals before any argument was read; every other record is written. A count waits for that caller's next refusal.
// Proof:    sampled-refusals.test.ts
import type { AuditEvent, AuditSink } from '../audit/event.ts'

const WRITTEN_PER_MINUTE = 10
const MINUTE_MS = 60_000
const MAX_CALLERS = 10_000 // verified callers; beyond it the counts start anew, and more is written, not less

type Tally = { sinceMs: number; written: number; unwritten: number }

/** Wraps a sink. An event that is only counted resolves at once. */
export function sampledRefusals(sink: AuditSink, now: () => number): AuditSink {
  const tallies = new Map<string, Tally>()
  return async function sampled(event) {
    if (!isCheap(event)) return sink(event)
    const key = `${event.type} ${event.rule}\n${event.tenant}\n${event.caller}`
    const tally = tallyOf(tallies, key, now())
    if (tally.written >= WRITTEN_PER_MINUTE) {
      tally.unwritten += 1
      return
    }
    tally.written += 1
    const { unwritten } = tally
    tally.unwritten = 0
    await sink(unwritten === 0 ? event : { ...event, err: sayUnwritten(event.err, unwritten) })
  }
}

// They cost an attacker nothing, and no worker has seen the call.
const CHEAP: ReadonlySet<string | undefined> = new Set(['unknown_tool', 'quarantined', 'switched_off'])
const isCheap = ({ type, rule }: AuditEvent) => type === 'rate_limit.hit' || CHEAP.has(rule)

const sayUnwritten = (err: string | undefined, unwritten: number) =>
  `${err === undefined ? '' : `${err}; `}${unwritten} earlier refusals of this kind were counted, not written`

function tallyOf(tallies: Map<string, Tally>, key: string, nowMs: number): Tally {
  const known = tallies.get(key)
  if (known !== undefined && nowMs - known.sinceMs < MINUTE_MS) return known
  if (tallies.size >= MAX_CALLERS) tallies.clear()
  const fresh = { sinceMs: nowMs, written: 0, unwritten: known?.unwritten ?? 0 }
  tallies.set(key, fresh)
  return fresh
}
