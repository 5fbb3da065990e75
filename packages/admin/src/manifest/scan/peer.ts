// Question: what does this MCP server say of itself and of its tools?
// Threat:   a hostile server: endless lists, pages in a circle, huge or deep answers, two readings of one text, silence.
// Rule:     both protocol eras are asked, the older first; pages, tools, bytes and time are bounded; JSON with a key twice is no answer.
// Limits:   hears what the server says to this client at this moment; to another client or later it may say something else: approve and compare.
// Proof:    scan.test.ts
import { type ScannedServer, serverDigests, type ServerEntry, toolDigests } from '@hardened-mcp/security-core'

/** Why nothing is known of a server. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
}

export type Era = '2025-11-25' | '2026-07-28'
export type Message = Readonly<{ jsonrpc: '2.0'; id?: number; method: string; params?: object }>

/** One way to a server. `exchange` resolves with the answer, an object of JSON-RPC; both throw `Unreadable`. */
export type Peer = Readonly<{
  exchange(message: Message, era: Era): Promise<Readonly<Record<string, unknown>>>
  notify(message: Message, era: Era): Promise<void>
}>

/** What was heard. `name` is the operator's for the server, not the server's own. */
export type Listing = Omit<ScannedServer, 'tools'> & Readonly<{ info: object; tools: readonly object[] }>

export const MAX_BYTES = 8 * 1024 * 1024 // of all answers together; the largest real list that was seen has 200 kB
const MAX_TOOLS = 1_000
const MAX_PAGES = 100
const CLIENT = { name: 'hardened-mcp-scan', version: '0.1.0' }

export async function listingOf(name: string, peer: Peer): Promise<Listing> {
  let id = 0
  const call = (method: string, era: Era, params: object) =>
    peer.exchange(
      { jsonrpc: '2.0', id: (id += 1), method, params: era === '2025-11-25' ? params : withMeta(params) },
      era,
    )
  let era: Era = '2025-11-25'
  let greeting = await call('initialize', era, { protocolVersion: era, capabilities: {}, clientInfo: CLIENT })
  if (greeting['result'] === undefined) {
    era = '2026-07-28'
    greeting = await call('server/discover', era, {})
  } else await peer.notify({ jsonrpc: '2.0', method: 'notifications/initialized' }, era)
  const said = objectOf(greeting['result'], 'The server answers neither initialize nor server/discover')
  const tools: object[] = []
  const cursors = new Set<string>()
  for (let cursor: string | undefined, page = 0; ; page += 1) {
    const answer = await call('tools/list', era, cursor === undefined ? {} : { cursor })
    const result = objectOf(answer['result'], `tools/list fails: ${reasonOf(answer)}`)
    const listed: unknown = result['tools']
    if (!Array.isArray(listed)) throw new Unreadable('tools/list has no list of tools')
    for (const tool of listed) tools.push(objectOf(tool, 'A tool is not an object'))
    if (tools.length > MAX_TOOLS) throw new Unreadable(`The server has more than ${MAX_TOOLS} tools`)
    const next = result['nextCursor']
    if (next === undefined || next === null) break
    if (typeof next !== 'string' || cursors.has(next) || page >= MAX_PAGES)
      throw new Unreadable('The pages of tools/list have no end')
    cursors.add(next)
    cursor = next
  }
  return heard(name, said, tools)
}

/** The same from what a server once said. */
export function heard(name: string, said: Readonly<Record<string, unknown>>, tools: readonly object[]): Listing {
  const { serverInfo, instructions, _meta } = said
  const inMeta: unknown = (_meta as Record<string, unknown> | null | undefined)?.['io.modelcontextprotocol/serverInfo']
  const info = serverInfo ?? inMeta
  const own = typeof info === 'object' && info !== null ? info : {}
  return {
    name,
    tools,
    info: { ...own, ...(instructions === undefined ? {} : { instructions }) },
    ...(typeof instructions === 'string' ? { instructions } : {}),
  }
}

/** What is approved of it: see FORMAT.md of the manifest. Throws `Denial` where a definition nests without end. */
export const entryOf = ({ name, info, tools }: Listing): ServerEntry => ({
  name,
  info: serverDigests(info),
  tools: tools.map((tool) => ({ name: String((tool as { name?: unknown }).name), ...toolDigests(tool) })),
})

export function objectOf(value: unknown, otherwise: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Unreadable(otherwise)
  return value as Record<string, unknown>
}

const withMeta = (params: object) => ({
  ...params,
  _meta: {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': CLIENT,
    'io.modelcontextprotocol/clientCapabilities': {},
  },
})

function reasonOf(answer: Readonly<Record<string, unknown>>): string {
  const { message } = (answer['error'] ?? {}) as { message?: unknown }
  return typeof message === 'string' ? message.slice(0, 100) : 'no result'
}
