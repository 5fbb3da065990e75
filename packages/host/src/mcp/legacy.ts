// Protocol eras up to 2025-11-25 on the official SDK, version 1. Deleting this file drops them.
import type { Principal } from '@hardened-mcp/security-core'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import type { CallToolRequest, ReadResourceRequest } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { clientOf, traceOf } from './client-facts.ts'
import { type ClientRoots, clientRoots } from './client-roots.ts'
import { ANSWER_MS, answerOf, canAsk, formOf } from './consent.ts'
import { type CallParams, type Registry, type ToolCallResult, UNKNOWN_RESOURCE_2025, UNKNOWN_TOOL } from './registry.ts'
import { resourceWatch } from './resource-watch.ts'
import { RpcError, withPublicErrors } from './rpc-error.ts'

// Name the method only: the SDK reports its own schema's refusal of `params` as a fault of the server, unless it is `tools/call`,
// whose params it checks once more by itself and refuses as -32602.
const LIST_TOOLS = z.object({ method: z.literal('tools/list') })
const CALL_TOOL = z.looseObject({ method: z.literal('tools/call') })
const LIST_RESOURCES = z.object({ method: z.literal('resources/list') })
const LIST_TEMPLATES = z.object({ method: z.literal('resources/templates/list') })
const READ_RESOURCE = z.looseObject({ method: z.literal('resources/read'), params: z.looseObject({ uri: z.string() }) })

const SUBSCRIBE = z.looseObject({
  method: z.literal('resources/subscribe'),
  params: z.looseObject({ uri: z.string() }),
})
const UNSUBSCRIBE = z.looseObject({
  method: z.literal('resources/unsubscribe'),
  params: z.looseObject({ uri: z.string() }),
})
const ROOTS_CHANGED = z.looseObject({ method: z.literal('notifications/roots/list_changed') })
const ANYTHING = z.looseObject({})

class LegacyServer extends Server {
  override connect(transport: Parameters<Server['connect']>[0]): Promise<void> {
    return super.connect(withPublicErrors(transport))
  }
}

/** A fresh server for one caller: one HTTP request, whose `stop` ends what it has running, or one stdio connection, in which the client can be asked. */
export function legacyServer(registry: Registry, caller: Principal, stop?: AbortSignal): Server {
  const { name, title, version, instructions } = registry.info
  const { resources } = registry
  const watches = resources?.state !== undefined && stop === undefined
  const capabilities = {
    tools: { listChanged: false },
    ...(resources === undefined ? {} : { resources: watches ? { subscribe: true } : {} }),
  }
  const server = new LegacyServer({ name, title, version }, { capabilities, instructions })
  server.setRequestHandler(LIST_TOOLS, () => ({ tools: registry.list(caller) }))
  const asked = registry.asksRoots === true && stop === undefined ? askedRoots(server) : undefined
  const contextOf = async (meta: unknown, signal: AbortSignal) => {
    const ended = stop === undefined ? signal : AbortSignal.any([stop, signal])
    const roots = await asked?.current()
    const wish = roots === undefined ? {} : { roots }
    return { caller, stop: ended, ...wish, ...clientOf(server.getClientVersion()), ...traceOf(meta) }
  }
  server.setRequestHandler(CALL_TOOL, async (request, { signal }) => {
    const { name: tool, arguments: input, _meta } = (request as unknown as CallToolRequest).params
    // Without a session there is no way back to the client: over HTTP nobody can be asked.
    const asks = stop === undefined && canAsk(server.getClientCapabilities())
    const params = { name: tool, arguments: input, consent: { canAsk: asks }, ...(await contextOf(_meta, signal)) }
    const result = await askedWhereNeeded(server, registry, params)
    if (result === undefined) throw new RpcError(UNKNOWN_TOOL)
    const { ask: _, ...sent } = result
    return sent
  })
  if (resources === undefined) return server
  server.setRequestHandler(LIST_RESOURCES, () => ({ resources: resources.list(caller) }))
  server.setRequestHandler(LIST_TEMPLATES, () => ({ resourceTemplates: resources.templates(caller) }))
  server.setRequestHandler(READ_RESOURCE, async (request, { signal }) => {
    const { uri, _meta } = (request as unknown as ReadResourceRequest).params
    const content = await resources.read({ uri, ...(await contextOf(_meta, signal)) })
    if (content === undefined) throw new RpcError(UNKNOWN_RESOURCE_2025)
    return { contents: [content] }
  })
  if (watches)
    subscriptions(server, async (uri, signal) => resources.state?.({ uri, ...(await contextOf(undefined, signal)) }))
  return server
}

// The call is judged twice: what was true when the question was put need not be true when it is answered.
async function askedWhereNeeded(
  server: Server,
  registry: Registry,
  params: CallParams,
): Promise<ToolCallResult | undefined> {
  const first = await registry.call(params)
  if (first?.ask?.strength !== 'elicit' || params.consent?.canAsk !== true) return first
  const options = { timeout: ANSWER_MS, signal: params.stop }
  const response = await server
    .request({ method: 'elicitation/create', params: { mode: 'form', ...formOf(first.ask) } }, ANYTHING, options)
    .catch(() => undefined)
  const answer = answerOf(first.ask.id, response)
  return answer === undefined ? first : registry.call({ ...params, consent: { canAsk: false, answer } })
}

function subscriptions(server: Server, state: (uri: string, signal: AbortSignal) => Promise<string | undefined>): void {
  const gone = new AbortController()
  const watch = resourceWatch({
    look: (uri) => state(uri, gone.signal),
    notify: (uri) => void server.sendResourceUpdated({ uri }).catch(() => undefined), // the client has just gone
  })
  server.setRequestHandler(SUBSCRIBE, async (request) => {
    if (!(await watch.add((request as unknown as ReadResourceRequest).params.uri)))
      throw new RpcError(UNKNOWN_RESOURCE_2025)
    return {}
  })
  server.setRequestHandler(UNSUBSCRIBE, (request) => {
    watch.remove((request as unknown as ReadResourceRequest).params.uri)
    return {}
  })
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the SDK's server is no EventTarget
  server.onclose = () => {
    gone.abort()
    watch.close()
  }
}

function askedRoots(server: Server): ClientRoots {
  const roots = clientRoots({
    hasRoots: () => server.getClientCapabilities()?.roots !== undefined,
    listRoots: (timeout) => server.request({ method: 'roots/list' }, ANYTHING, { timeout }),
  })
  server.setNotificationHandler(ROOTS_CHANGED, () => roots.changed())
  return roots
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
