// Protocol eras up to 2025-11-25 on the official SDK, version 1. Deleting this file drops them.
import type { Principal } from '@hardened-mcp/security-core'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import type { CallToolRequest, ReadResourceRequest } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { clientOf, traceOf } from './client-facts.ts'
import { type Registry, UNKNOWN_RESOURCE_2025, UNKNOWN_TOOL } from './registry.ts'
import { RpcError, withPublicErrors } from './rpc-error.ts'

// Name the method only: the SDK reports its own schema's refusal of `params` as a fault of the server, unless it is `tools/call`,
// whose params it checks once more by itself and refuses as -32602.
const LIST_TOOLS = z.object({ method: z.literal('tools/list') })
const CALL_TOOL = z.looseObject({ method: z.literal('tools/call') })
const LIST_RESOURCES = z.object({ method: z.literal('resources/list') })
const LIST_TEMPLATES = z.object({ method: z.literal('resources/templates/list') })
const READ_RESOURCE = z.looseObject({ method: z.literal('resources/read'), params: z.looseObject({ uri: z.string() }) })

class LegacyServer extends Server {
  override connect(transport: Parameters<Server['connect']>[0]): Promise<void> {
    return super.connect(withPublicErrors(transport))
  }
}

/** A fresh server for one caller: one HTTP request, or one stdio connection. `stop` ends what it has running. */
export function legacyServer(registry: Registry, caller: Principal, stop?: AbortSignal): Server {
  const { name, title, version, instructions } = registry.info
  const { resources } = registry
  const capabilities = { tools: { listChanged: false }, ...(resources === undefined ? {} : { resources: {} }) }
  const server = new LegacyServer({ name, title, version }, { capabilities, instructions })
  server.setRequestHandler(LIST_TOOLS, () => ({ tools: registry.list(caller) }))
  const contextOf = (meta: unknown, signal: AbortSignal) => {
    const ended = stop === undefined ? signal : AbortSignal.any([stop, signal])
    return { caller, stop: ended, ...clientOf(server.getClientVersion()), ...traceOf(meta) }
  }
  server.setRequestHandler(CALL_TOOL, async (request, { signal }) => {
    const { name: tool, arguments: input, _meta } = (request as unknown as CallToolRequest).params
    const result = await registry.call({ name: tool, arguments: input, ...contextOf(_meta, signal) })
    if (result === undefined) throw new RpcError(UNKNOWN_TOOL)
    return result
  })
  if (resources === undefined) return server
  server.setRequestHandler(LIST_RESOURCES, () => ({ resources: resources.list(caller) }))
  server.setRequestHandler(LIST_TEMPLATES, () => ({ resourceTemplates: resources.templates(caller) }))
  server.setRequestHandler(READ_RESOURCE, async (request, { signal }) => {
    const { uri, _meta } = (request as unknown as ReadResourceRequest).params
    const content = await resources.read({ uri, ...contextOf(_meta, signal) })
    if (content === undefined) throw new RpcError(UNKNOWN_RESOURCE_2025)
    return { contents: [content] }
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
