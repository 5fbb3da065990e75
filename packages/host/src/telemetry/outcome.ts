// Question: what may a figure or a span say of a call?
// Threat:   text of a caller as label or attribute: arguments and secrets that leave for another system, a new series for each invented name
//           until the memory is full.
// Rule:     a tool that this server has, a code of the closed table, figures, and the two hexadecimal numbers of a well-formed traceparent.
// Limits:   says nothing of callers. Tenants are figures only where the operator listed them.
// Proof:    outcome.test.ts, test/e2e/metrics.test.ts, test/e2e/traces.test.ts
import { type AuditEvent, isDenialCode } from '@hardened-mcp/security-core'
import { TRACEPARENT } from '../traceparent.ts'

export type Outcome = Readonly<{
  /** Name of a tool of this server, or `unknown`. */
  tool: string
  decision: 'allow' | 'deny'
  /** `ok`, a code of the table of denials, or `unknown_tool`. */
  code: string
  /** Absent where a call stopped before anybody looked at the clock. */
  ms?: number
  rows?: number
  bytes?: number
  tenant: string
  callId?: string
  trace?: Readonly<{ traceId: string; parentId: string; sampled: boolean }>
}>

const ENDS: ReadonlySet<string> = new Set([
  'tool_call.success',
  'tool_call.denied',
  'tool_call.error',
  'rate_limit.hit',
])
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What the last record of a call says; `undefined` for any other record. */
export function outcomeOf(event: AuditEvent, tools: ReadonlySet<string>): Outcome | undefined {
  if (!ENDS.has(event.type)) return undefined
  const { tool = '', rule = '', dur_ms: ms, rows, bytes, call_id: callId = '' } = event
  const ok = event.type === 'tool_call.success'
  const trace = traceOf(event.trace)
  return {
    tool: tools.has(tool) ? tool : 'unknown',
    decision: ok ? 'allow' : 'deny',
    code: ok ? 'ok' : isDenialCode(rule) || rule === 'unknown_tool' ? rule : 'internal',
    tenant: event.tenant ?? '',
    ...(ms === undefined ? {} : { ms: Math.max(0, ms) }), // a clock may be set back
    ...(rows === undefined ? {} : { rows }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(UUID.test(callId) ? { callId } : {}),
    ...(trace === undefined ? {} : { trace }),
  }
}

function traceOf(text = ''): Outcome['trace'] {
  const [, traceId, parentId, flags = ''] = TRACEPARENT.exec(text) ?? []
  if (traceId === undefined || parentId === undefined) return undefined
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}
