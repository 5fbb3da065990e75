// Protocol eras up to 2025-11-25 on the official SDK, version 1. Deleting this file drops them.
import type { Principal } from '@hardened-mcp/security-core'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
  type ListToolsResult,
  McpError,
} from '@modelcontextprotocol/sdk/types.js'
import { clientOf, traceOf } from './client-facts.ts'
import { INTERNAL, type Registry, UNKNOWN_TOOL } from './registry.ts'

/** A fresh server for one caller: one HTTP request, or one stdio connection. `stop` ends what it has running. */
export function legacyServer(registry: Registry, caller: Principal, stop?: AbortSignal): Server {
  const { name, title, version, instructions } = registry.info
  const server = new Server({ name, title, version }, { capabilities: { tools: { listChanged: false } }, instructions })
  server.setRequestHandler(
    ListToolsRequestSchema,
    () => ({ tools: registry.list(caller) }) as unknown as ListToolsResult,
  )
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    const facts = { ...clientOf(server.getClientVersion()), ...traceOf(params._meta) }
    const ended = stop === undefined ? signal : AbortSignal.any([stop, signal])
    const call = { name: params.name, arguments: params.arguments, caller, stop: ended, ...facts }
    const result = await registry.call(call).catch(() => {
      throw new McpError(INTERNAL.code, INTERNAL.message) // never the thrown text: the SDK would send it on
    })
    if (result === undefined) throw new McpError(UNKNOWN_TOOL.code, UNKNOWN_TOOL.message)
    return result as unknown as CallToolResult
  })
  return server
}

/**
 * Answers one request of an older era without a session. A `notifications/cancelled` of such a client comes in another
 * request and finds nothing to cancel; closing the connection ends the work.
 */
export async function answerLegacy(
  registry: Registry,
  caller: Principal,
  request: Request,
  parsedBody: unknown,
): Promise<Response> {
  // Sharing a server or a transport between requests sent one client's answer to another (CVE-2026-25536).
  const server = legacyServer(registry, caller, request.signal)
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  await server.connect(transport)
  return transport.handleRequest(request, { parsedBody })
}
