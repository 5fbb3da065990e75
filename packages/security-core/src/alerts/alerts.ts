// Where alerts come together: a sink that is watched, the detector behind it, and everybody who wants to hear.
import type { AuditEvent, AuditSink } from '../audit/event.ts'
import { type Alert, alertOf, type OnAlert, recordOf } from './alert.ts'
import { detector } from './detector.ts'
import type { AlertRule, Observation } from './rules.ts'
import { suppression } from './suppression.ts'

export type Alerts = Readonly<{
  /** Wraps a sink: the detector sees each event at once, whether or not its record becomes durable. */
  watch(sink: AuditSink): AuditSink
  /** For what is no record of its own. */
  observe(event: Observation): void
  /** Writes an `alert.raised` record, tells everybody, and resolves when the record is durable. */
  raise(event: Omit<AuditEvent, 'type'>): Promise<void>
  /** As `raise`, for what repeats itself: what is held back is counted, and neither written nor told. */
  report(event: Omit<AuditEvent, 'type'>): void
  /** Each firing, held back or not: for counters, and for what acts on it. Returns how to stop. */
  onAlert(listener: OnAlert): () => void
  /** What passed the suppression: for people. */
  onTold(listener: OnAlert): () => void
  /** To be called now and then: tells what was held back and would otherwise stay untold. */
  tick(): void
}>

/** `sink` takes the records of alerts. One that it refuses is told all the same. */
export function alerts(from: { sink: AuditSink; rules: readonly AlertRule[]; now: () => number }): Alerts {
  const { sink, now } = from
  const detect = detector(from)
  const quiet = suppression(now)
  const counting = new Set<OnAlert>()
  const telling = new Set<OnAlert>()
  const tell = (alert: Alert) => callEach(telling, alert)
  const record = (alert: Alert) => void sink(recordOf(alert)).catch(() => undefined)

  const fire = (alert: Alert) => {
    callEach(counting, alert)
    const told = quiet.admit(alert)
    if (told === undefined) return
    record(told)
    tell(told)
  }
  const observe = (event: Observation) => {
    for (const alert of detect.observe(event)) fire(alert)
  }
  // What others write down themselves stays written as it is; only who hears of it is held back. Without a caller it is a change
  // of the server's own state, which is told each time: off, on and off again, or a policy refused for another reason.
  const note = (event: Omit<AuditEvent, 'type'>) => {
    const alert = alertOf(event, now())
    callEach(counting, alert)
    const told = quiet.admit(alert, alert.caller === undefined)
    if (told !== undefined) tell(told)
  }
  return Object.freeze({
    watch: (inner) => (event) => {
      if (event.type === 'alert.raised') note(event)
      else observe(event)
      return inner(event)
    },
    observe,
    raise(event) {
      note(event)
      return sink({ type: 'alert.raised', ...event })
    },
    report: (event) => fire(alertOf(event, now())),
    onAlert: listenerOf(counting),
    onTold: listenerOf(telling),
    tick() {
      for (const alert of quiet.due()) {
        record(alert)
        tell(alert)
      }
    },
  })
}

const listenerOf = (all: Set<OnAlert>) => (listener: OnAlert) => {
  const own: OnAlert = (alert) => listener(alert)
  all.add(own)
  return () => void all.delete(own)
}

// A listener that throws must not stop a call, nor keep the next one from hearing.
function callEach(listeners: ReadonlySet<OnAlert>, alert: Alert): void {
  for (const listener of listeners)
    try {
      listener(alert)
    } catch {
      // It has been told.
    }
}
