// Protocol era 2026-07-28 (and the shared stdio loop) on the official server package, version 2.
import {
  CLIENT_INFO_META_KEY,
  createMcpHandler,
  type McpServerFactory,
  ProtocolError,
  type ListToolsResult,
  Server,
} from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import type { Principal } from '@hardened-mcp/security-core'
import { clientOf, traceOf } from './client-facts.ts'
import { legacyServer } from './legacy.ts'
import { INTERNAL, type Registry, UNKNOWN_TOOL } from './registry.ts'

export { isLegacyRequest } from '@modelcontextprotocol/server'

const MAX_SUBSCRIPTIONS = 8 // per connection; nothing here changes, so a few idle streams are enough for any client
const CACHE = { ttlMs: 0, cacheScope: 'private' } as const // what one caller may see is nobody else's business

/** A fresh server for one caller: one HTTP request, or one stdio connection. `stop` ends what it has running. */
export function modernServer(registry: Registry, caller: Principal, stop?: AbortSignal): Server {
  const { name, title, version, instructions } = registry.info
  const capabilities = { tools: { listChanged: false } }
  const cacheHints = { 'tools/list': CACHE, 'server/discover': CACHE }
  const server = new Server({ name, title, version }, { capabilities, instructions, cacheHints })
  server.setRequestHandler('tools/list', () => ({ tools: registry.list(caller) }) as unknown as ListToolsResult)
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
    const facts = {
      ...clientOf(
        (mcpReq.envelope as Record<string, unknown> | undefined)?.[CLIENT_INFO_META_KEY] ?? server.getClientVersion(),
      ),
      ...traceOf(mcpReq._meta),
    }
    const signal = stop === undefined ? mcpReq.signal : AbortSignal.any([stop, mcpReq.signal])
    const call = { name: params.name, arguments: params.arguments, caller, stop: signal, ...facts }
    const result = await registry.call(call).catch(() => {
      throw new ProtocolError(INTERNAL.code, INTERNAL.message) // never the thrown text: the SDK would send it on
    })
    if (result === undefined) throw new ProtocolError(UNKNOWN_TOOL.code, UNKNOWN_TOOL.message)
    return {
      content: [...result.content],
      structuredContent: result.structuredContent,
      ...(result.isError ? { isError: true } : {}),
    }
  })
  return server
}

/** Answers 2026-07-28 requests over HTTP, each by a server of its own; everything older is refused. */
export function modernHandler(registry: Registry, onerror: (error: Error) => void) {
  const factory: McpServerFactory = ({ authInfo, requestInfo }) =>
    modernServer(registry, authInfo?.extra?.['caller'] as Principal, requestInfo?.signal)
  return createMcpHandler(factory, {
    legacy: 'reject',

    maxSubscriptions: MAX_SUBSCRIPTIONS,
    onerror,
  })
}

/** Serves both eras on this process's stdin and stdout; the opening exchange decides which. */
export function serveBothErasOnStdio(options: {
  registry: Registry
  caller: Principal
  onerror: (error: Error) => void
}) {
  const { registry, caller, onerror } = options
  const factory: McpServerFactory = ({ era }) =>
    // The loop needs connect, close and a transport, which both lines share; their classes differ in private members only.
    era === 'legacy' ? (legacyServer(registry, caller) as unknown as Server) : modernServer(registry, caller)
  return serveStdio(factory, { legacy: 'serve', maxSubscriptions: MAX_SUBSCRIPTIONS, onerror })
}
