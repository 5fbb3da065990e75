// What both protocol eras serve: the tools a caller may see, and one way to call them.
import { randomUUID } from 'node:crypto'
import {
  type AuditSink,
  type Capability,
  type Consent,
  type Controls,
  mayCall,
  type Principal,
  pipeline,
  rolesOf,
  type ServerCapabilityPolicy,
  type ToolDefinition,
} from '@hardened-mcp/security-core'
import type { ResourceViews } from '../define-server.ts'
import { type ResourceRegistry, resourceRegistry } from './resource-registry.ts'
import { type ToolListing, toolListing } from './tool-listing.ts'
import { refusal, type ToolCallResult, toResult } from './tool-result.ts'

export type { ToolListing } from './tool-listing.ts'
export type { ToolCallResult } from './tool-result.ts'

/** One text for a tool that does not exist and one that this caller may not see. */
export const UNKNOWN_TOOL = { code: -32602, message: 'Unknown tool' } as const
/** One text for a resource that does not exist and one that a tool call would refuse. */
export const UNKNOWN_RESOURCE = { code: -32602, message: 'Unknown resource' } as const
export const UNKNOWN_RESOURCE_2025 = { code: -32002, message: 'Unknown resource' } as const // the code of the older editions
export const INTERNAL = { code: -32603, message: 'Internal error' } as const

export type CallParams = Readonly<{
  name: string
  arguments: unknown
  caller: Principal
  /** Aborts when the client cancels or disconnects: the worker is then ended. */
  stop: AbortSignal
  /** What the client's own roots narrow the call to, where `asksRoots`. */
  roots?: readonly string[]
  /** How the person behind the client can be asked, and what was answered. */
  consent?: Consent
  client?: string
  trace?: string
}>

/** What a message asks for, by name of the tool or by URI of a resource that stands for one. */
export type Wanted = Readonly<{ tool?: string; uri?: string }>

/** The only thing the protocol layer knows of a server. */
export interface Registry {
  readonly info: Readonly<{ name: string; title: string; version: string; instructions: string }>
  list(caller: Principal): readonly ToolListing[]
  /** Never throws. `undefined` means: no such tool for this caller, whether it is unknown or hidden (JSON-RPC -32602). */
  call(params: CallParams): Promise<ToolCallResult | undefined>
  /** What a wanted tool needs, when the caller's scope is all that stands in the way; otherwise `undefined`. */
  heldBack?(caller: Principal, wanted: Wanted): readonly Capability[] | undefined
  /** The client's roots are asked for and go along with each call. */
  readonly asksRoots?: boolean
  /** Left out by a server that has no resources. */
  readonly resources?: ResourceRegistry
}

export function registry<Operation extends object>(options: {
  info: Registry['info']
  tools: readonly ToolDefinition<unknown, Operation>[]
  /** In force at this moment. */
  policy: () => ServerCapabilityPolicy | undefined
  controls: Controls<Operation>
  views?: ResourceViews | undefined
  asksRoots?: boolean | undefined
}): Registry {
  const tools = new Map(options.tools.map((tool) => [tool.name, { tool, listing: toolListing(tool) }]))
  const walk = pipeline(options.controls)
  const visible = (tool: ToolDefinition<unknown, Operation>, caller: Principal) =>
    mayCall(tool, caller, options.policy()).verdict === 'allow'
  // From here on a caller has the roles of its credential and those of its subject, by the policy of this moment.
  const known = (caller: Principal): Principal => {
    const roles = rolesOf(caller, options.policy()?.people)
    return roles.size === 0 ? caller : Object.freeze({ ...caller, roles })
  }
  const served: Registry = {
    info: options.info,
    asksRoots: options.asksRoots === true,
    list: (caller) => [...tools.values()].filter(({ tool }) => visible(tool, caller)).map(({ listing }) => listing),
    heldBack(caller, { tool: name, uri = '' }) {
      if (caller.heldBack === undefined) return undefined
      const tool = tools.get(name ?? options.views?.resolve(uri)?.tool ?? '')?.tool
      if (tool === undefined || visible(tool, caller)) return undefined
      const whole = { ...caller, can: new Set([...caller.can, ...caller.heldBack]) }
      return visible(tool, whole) ? tool.needs : undefined
    },
    async call({ name, arguments: input, caller, stop, roots, consent, client, trace }) {
      const found = tools.get(name)?.tool
      if (found === undefined || !visible(found, caller))
        return recordHidden(options.controls.audit, options.info.name, caller, name, trace)
      const context = {
        ...(roots === undefined ? {} : { roots }),
        ...(consent === undefined ? {} : { consent }),
        ...(client === undefined ? {} : { client }),
        ...(trace === undefined ? {} : { trace }),
      }
      return toResult(await walk({ tool: found, input, caller: known(caller), stop, ...context }), found)
    },
  }
  return options.views === undefined ? served : { ...served, resources: resourceRegistry(served, options.views, known) }
}

// A probe for tools is an event worth a line; the name is the caller's text, so only its shape is kept.
async function recordHidden(
  audit: AuditSink,
  server: string,
  caller: Principal,
  name: string,
  trace: string | undefined,
): Promise<ToolCallResult | undefined> {
  const tool = /^[A-Za-z0-9_.-]{1,64}$/.test(name) ? name : 'malformed'
  const who = { tenant: caller.tenant, caller: caller.id, auth: caller.auth }
  const event = { call_id: randomUUID(), server, tool, ...who, ...(trace === undefined ? {} : { trace }) }
  try {
    await audit({ type: 'tool_call.denied', ...event, decision: 'deny', rule: 'unknown_tool' })
    return undefined
  } catch {
    return refusal({
      code: 'audit_unavailable',
      says: 'The audit trail cannot be written, so nothing was done',
      retryAfterMs: undefined,
    })
  }
}
