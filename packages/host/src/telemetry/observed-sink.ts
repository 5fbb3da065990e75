// Lets figures and spans hear what is recorded: a success once it is durable, a stop whether or not its record could be written.
import type { AuditEvent, AuditSink } from '@hardened-mcp/security-core'

/** Never throws, and never waits: figures do not stop a call. */
export type Hear = (event: AuditEvent) => void

const STOPS: ReadonlySet<string> = new Set(['tool_call.denied', 'tool_call.error', 'rate_limit.hit'])

/** The same sink. A stop whose record is lost is answered as `audit_unavailable`, and heard as that. */
export function observedSink(sink: AuditSink, hear: Hear): AuditSink {
  return async function observed(event) {
    try {
      await sink(event)
    } catch (thrown) {
      if (STOPS.has(event.type)) hear({ ...event, type: 'tool_call.error', rule: 'audit_unavailable' })
      else if (!event.type.startsWith('tool_call.')) hear(event)
      throw thrown
    }
    hear(event)
  }
}
