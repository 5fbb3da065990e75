// Protocol era 2026-07-28 (and the shared stdio loop) on the official server package, version 2.
import type { Readable, Writable } from 'node:stream'
import type { Principal } from '@hardened-mcp/security-core'
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  createMcpHandler,
  inputRequired,
  type ListToolsResult,
  type McpServerFactory,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { clientOf, traceOf } from './client-facts.ts'
import { answerOf, canAsk, formOf } from './consent.ts'
import { legacyServer } from './legacy.ts'
import { type Registry, UNKNOWN_RESOURCE, UNKNOWN_TOOL } from './registry.ts'
import { listening, MOST_SUBSCRIPTIONS, type Watching } from './listening.ts'
import { RpcError, withPublicErrors } from './rpc-error.ts'

export { isLegacyRequest } from '@modelcontextprotocol/server'

const QUESTION = 'approval'
const CACHE = { ttlMs: 0, cacheScope: 'private' } as const // what one caller may see is nobody else's business
const CACHE_HINTS = {
  'tools/list': CACHE,
  'server/discover': CACHE,
  'resources/list': CACHE,
  'resources/templates/list': CACHE,
  'resources/read': CACHE,
}

class ModernServer extends Server {
  override connect(transport: Parameters<Server['connect']>[0]): Promise<void> {
    return super.connect(withPublicErrors(transport))
  }
}

/** A fresh server for one caller: one HTTP request, or one stdio connection. `stop` ends what it has running. */
export function modernServer(registry: Registry, caller: Principal, stop?: AbortSignal, watch?: Watching): Server {
  const { name, title, version, instructions } = registry.info
  const { resources } = registry
  const capabilities = {
    tools: { listChanged: false },
    ...(resources === undefined ? {} : { resources: { listChanged: false, subscribe: watch !== undefined } }),
  }
  const server = new ModernServer({ name, title, version }, { capabilities, instructions, cacheHints: CACHE_HINTS })
  server.setRequestHandler('tools/list', () => ({ tools: registry.list(caller) }) as unknown as ListToolsResult)
  const contextOf = ({ mcpReq }: ServerContext) => {
    const envelope = mcpReq.envelope as Record<string, unknown> | undefined
    const client = clientOf(envelope?.[CLIENT_INFO_META_KEY] ?? server.getClientVersion())
    const signal = stop === undefined ? mcpReq.signal : AbortSignal.any([stop, mcpReq.signal])
    return { caller, stop: signal, ...client, ...traceOf(mcpReq._meta) }
  }
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const { mcpReq } = context
    const response = mcpReq.inputResponses?.[QUESTION]
    const answer = answerOf(mcpReq.requestState(), response)
    const envelope = mcpReq.envelope as Record<string, unknown> | undefined
    // A question that was put away is not put again: clients come back by themselves, as often as they are asked.
    const asks = response === undefined && canAsk(envelope?.[CLIENT_CAPABILITIES_META_KEY])
    const consent = { canAsk: asks, ...(answer === undefined ? {} : { answer }) }
    const call = { name: params.name, arguments: params.arguments, consent }
    const result = await registry.call({ ...call, ...contextOf(context) })
    if (result === undefined) throw new RpcError(UNKNOWN_TOOL)
    if (result.ask?.strength === 'elicit' && asks)
      return inputRequired({
        inputRequests: { [QUESTION]: inputRequired.elicit(formOf(result.ask)) },
        requestState: result.ask.id, // names a question; what it is about is kept here, and asked about again
      })
    return {
      content: [...result.content],
      structuredContent: result.structuredContent,
      ...(result.isError ? { isError: true } : {}),
    }
  })
  if (resources === undefined) return server
  watch?.begin(resources, server)
  server.setRequestHandler('resources/list', () => ({ resources: [...resources.list(caller)] }))
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [...resources.templates(caller)] }))
  server.setRequestHandler('resources/read', async ({ params }, context) => {
    const content = await resources.read({ uri: params.uri, ...contextOf(context) })
    if (content === undefined) throw new RpcError(UNKNOWN_RESOURCE)
    return { contents: [content] }
  })
  return server
}

/** Answers 2026-07-28 requests over HTTP, each by a server of its own; everything older is refused. */
export function modernHandler(registry: Registry, onerror: (error: Error) => void) {
  const factory: McpServerFactory = ({ authInfo, requestInfo }) => {
    const { caller, registry: own = registry } = (authInfo?.extra ?? {}) as { caller?: unknown; registry?: Registry }
    return modernServer(own, caller as Principal, requestInfo?.signal)
  }
  // Answers are plain JSON: nothing is sent before a result, which is when the handler would open a stream.
  return createMcpHandler(factory, { legacy: 'reject', maxSubscriptions: MOST_SUBSCRIPTIONS, onerror })
}

/** Serves both eras on one pair of streams; the opening exchange decides which. `onClose` runs once, however it ends. */
export function serveBothErasOnStdio(options: {
  registry: Registry
  caller: Principal
  input: Readable
  output: Writable
  onClose: () => void
  onerror: (error: Error) => void
}) {
  const { registry, caller, input, output, onClose, onerror } = options
  const factory: McpServerFactory = ({ era }) =>
    // The loop needs connect, close and a transport, which both lines share; their classes differ in private members only.
    era === 'legacy'
      ? (legacyServer(registry, caller) as unknown as Server)
      : modernServer(registry, caller, undefined, watching)
  const transport = new ClosingTransport(input, output)
  const watching = registry.resources?.state === undefined ? undefined : listening(caller)
  transport.onClose = () => {
    watching?.end()
    onClose()
  }
  const handle = serveStdio(factory, { legacy: 'serve', maxSubscriptions: MOST_SUBSCRIPTIONS, transport, onerror })
  const receive = transport.onmessage
  if (watching !== undefined && receive !== undefined)
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the SDK's transport is no EventTarget
    transport.onmessage = (message) => {
      watching.hear(message)
      receive(message)
    }
  return handle
}

// Everything that ends a connection goes through `close`: end of input, a closed or broken output, and the host itself.
class ClosingTransport extends StdioServerTransport {
  onClose: (() => void) | undefined

  override async close(): Promise<void> {
    await super.close()
    this.onClose?.()
    this.onClose = undefined
  }
}
