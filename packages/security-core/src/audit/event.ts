// What happened, as one value: the pipeline and the host build it, the sink writes it down.
import type { CallContext } from '../types.ts'

export const AUDIT_EVENTS = [
  'tool_call.request',
  'tool_call.success',
  'tool_call.denied',
  'tool_call.error',
  'auth.success',
  'auth.failure',
  'rate_limit.hit',
  'alert.raised',
  'config.loaded',
  'checkpoint',
  'audit.pruned',
  'audit.reviewed',
  'approval.granted',
  'approval.refused',
] as const
export type AuditEventType = (typeof AUDIT_EVENTS)[number]

/** All fields but `type` may be absent. Arguments appear as a keyed hash only, never as text. */
export type AuditEvent = Readonly<{
  type: AuditEventType
  call_id?: string
  server?: string
  tool?: string
  tenant?: string
  caller?: string
  auth?: string
  client?: string
  /** HMAC-SHA-256 of the canonical JSON of the arguments under the tenant's key. */
  args?: string
  /** Names of what steers a model in the arguments and, as `answer:name` or `answer:filter=count`, in the answer; comma separated. Marks, no verdicts. */
  marks?: string
  decision?: 'allow' | 'deny'
  /** Public denial code of a refusal. */
  rule?: string
  policy?: string
  dur_ms?: number
  rows?: number
  bytes?: number
  /** Labels that the caller carries after this call, comma separated; absent when none. */
  taint?: string
  /** The request for approval that this call made, waits for or used. */
  approval?: string
  /** Actors of a delegated call, the current one first, joined by ` < `. */
  chain?: string
  trace?: string
  /** Reason for the operator. Never sent to a caller. */
  err?: string
  /** The rest belongs to checkpoints, and to what is said about a tree head: see FORMAT.md. */
  size?: number
  root?: string
  epoch?: number
  next?: string
  sig?: string
  seal?: string
}>

/** Resolves when the record is durable; rejecting stops the call. */
export type AuditSink = (event: AuditEvent) => Promise<void>

/** The fields every event of one call shares. */
export const aboutCall = (call: CallContext) => ({
  call_id: call.id,
  server: call.server,
  tool: call.tool.name,
  tenant: call.caller.tenant,
  caller: call.caller.id,
  auth: call.caller.auth,
  ...(call.caller.chain === undefined ? {} : { chain: call.caller.chain.join(' < ') }),
  ...(call.policy === undefined ? {} : { policy: call.policy }),
  ...(call.client === undefined ? {} : { client: call.client }),
  ...(call.trace === undefined ? {} : { trace: call.trace }),
})
