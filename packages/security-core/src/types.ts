// The shared vocabulary: who asks, what a call is, how much it may spend, how its outcome is labelled.

import type { TenantScope } from './identity/tenant-scope.ts'

/** Every right the suite knows. A tool names what it needs; policy and credential name what they grant. */
export const CAPABILITIES = [
  'tool:read_only',
  'tool:write',
  'tool:execute',
  'tool:network',
  'resource:local',
  'resource:remote',
  'sys:file_read',
  'sys:file_write',
] as const
export type Capability = (typeof CAPABILITIES)[number]

/** How a principal proved who it is. */
export type AuthMethod = 'local' | 'api_key' | 'oauth'

/** A verified caller. Only an authenticator builds one, and only from a verified credential. */
export type Principal = Readonly<{
  id: string
  tenant: TenantScope
  auth: AuthMethod
  can: ReadonlySet<Capability>
  /** What only the scope of the token holds back: a token with more scope could have it. Absent where there are no scopes. */
  heldBack?: ReadonlySet<Capability>
  /** Of the access token: a name for it that gives nothing away, its scopes, and when it was issued (ms since the epoch). */
  token?: Readonly<{ id: string; scopes: readonly string[]; issuedAt: number }>
  /** Who acts for the caller, by the verified credential: the one that called first, then those it acts for in turn. */
  chain?: readonly string[]
  /** What the credential itself says of the caller's roles; the policy adds those of its subjects. */
  roles?: ReadonlySet<string>
}>

/** Where data comes from and whom it may reach. */
export type Label = Readonly<{ integrity: 'trusted' | 'untrusted'; secrecy: 'public' | 'private' }>

/** What one call may spend: wall time in milliseconds, answer size in UTF-8 bytes of JSON text. */
export type Budget = Readonly<{ deadlineMs: number; outputBytes: number }>

/** What the call does to the world. `write` and `egress` wait for a durable request record. */
export type Effect = 'read' | 'write' | 'egress'

/** The facts of a tool that guards and policies may look at. */
export type ToolFacts = Readonly<{
  name: string
  needs: readonly [Capability, ...Capability[]]
  effect: Effect
  yields: Label
  budget: Budget
}>

/** One call as every control sees it: frozen, and without any way to continue it. */
export type CallContext = Readonly<{
  id: string
  server: string
  tool: ToolFacts
  caller: Principal
  /** Milliseconds since the epoch at which the call was received. */
  at: number
  /** Name and version the client gave of itself: information only, never a ground for a decision. */
  client?: string
  /** Names the policy that is in force for the whole of this call. */
  policy?: string
  /** A well-formed W3C traceparent, when the client sent one. */
  trace?: string
}>

/** What a worker returns: the final JSON text of an object, and figures for the audit trail. */
export type Result = Readonly<{ text: string; rows?: number; truncated?: boolean }>
