// What a client says of itself, made fit for an audit record. Information only: no decision reads it.
import { TRACEPARENT } from '../traceparent.ts'

const MAX_CLIENT = 64

/** Printable ASCII `name/version`, or nothing. */
export function clientOf(info: unknown): { client?: string } {
  const { name, version } = (info ?? {}) as { name?: unknown; version?: unknown }
  if (typeof name !== 'string') return {}
  const said = typeof version === 'string' ? `${name}/${version}` : name
  return { client: said.replace(/[^\x21-\x7e]/g, '_').slice(0, MAX_CLIENT) }
}

/** A well-formed `traceparent`; `tracestate` and `baggage` are dropped (they carry free text between services). */
export function traceOf(meta: unknown): { trace?: string } {
  const { traceparent } = (meta ?? {}) as { traceparent?: unknown }
  return typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? { trace: traceparent } : {}
}
