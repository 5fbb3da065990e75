// An audit sink in memory that can refuse, or keep waiting, the records of any event type.
import type { AuditEvent, AuditEventType, AuditSink } from '@hardened-mcp/security-core'

export type FakeAudit = Readonly<{
  sink: AuditSink
  /** Every event the sink was asked to write, in order. */
  asked: readonly AuditEvent[]
  /** Every event that became durable, in order. */
  durable: readonly AuditEvent[]
  /** Refuses the records of this type from now on. */
  failOn: (type: AuditEventType) => void
  /** Keeps the records of this type waiting; the returned function lets them become durable. */
  hold: (type: AuditEventType) => () => void
}>

export function fakeAudit(log: (line: string) => void = () => undefined): FakeAudit {
  const asked: AuditEvent[] = []
  const durable: AuditEvent[] = []
  const failing = new Set<AuditEventType>()
  const gates = new Map<AuditEventType, Promise<void>>()
  return {
    asked,
    durable,
    failOn: (type) => {
      failing.add(type)
    },
    hold(type) {
      const gate = Promise.withResolvers<void>()
      gates.set(type, gate.promise)
      return gate.resolve
    },
    async sink(event) {
      asked.push(event)
      log(`audit ${event.type} asked`)
      await gates.get(event.type)
      if (failing.has(event.type)) throw new Error('ENOSPC: no space left on device, write /var/lib/audit/trail.jsonl')
      durable.push(event)
      log(`audit ${event.type} durable`)
    },
  }
}
