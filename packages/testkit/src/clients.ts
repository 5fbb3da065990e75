// The official clients of both protocol eras behind one small interface, over stdio and over HTTP.
import { Client as ModernClient, StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client'
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as LegacyStdio } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as LegacyHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ElicitRequestSchema, ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { serveLine } from './command.ts'

/** `v1`: the 1.x SDK. The others are the 2.x client: as it comes, probing for the newest era, and insisting on it. */
export const CLIENT_KINDS = ['v1', 'v2', 'v2-auto', 'v2-2026-07-28'] as const
export type ClientKind = (typeof CLIENT_KINDS)[number]

/** What to run and speak to over stdio (`node`: under this Node), or where to ask with which key. */
export type Reach =
  | Readonly<{ node: readonly string[] }>
  | Readonly<{ command: readonly [string, ...string[]] }>
  | Readonly<{ url: string; key: string }>

export type Outcome = Readonly<{
  isError?: boolean
  structuredContent: Record<string, unknown>
  content: readonly { type: string; text?: string }[]
}>

export type TestClient = Readonly<{
  tools(): Promise<readonly { name: string; inputSchema: object }[]>
  /** Rejects on a protocol error, such as an unknown tool. */
  call(name: string, args?: Record<string, unknown>, stop?: AbortSignal): Promise<Outcome>
  ping(): Promise<unknown>
  /** URIs of the resources that are listed, and templates of the others. */
  resources(): Promise<{ uris: readonly string[]; templates: readonly string[] }>
  /** Text of one resource, or its bytes in base64; rejects on a protocol error. */
  read(uri: string): Promise<string>
  /** Asks to be told when one of them changes; `hear` gets its URI. */
  subscribe(uris: readonly string[], hear: (uri: string) => void): Promise<unknown>
  /** Process id of the server under stdio. */
  pid(): number | undefined
  close(): Promise<void>
}>

/** What the person behind the client does with a question. */
export type Person = (message: string) => Readonly<{ action: 'accept' | 'decline' | 'cancel'; approve?: boolean }>

const SELF = { name: 'testkit', version: '1.0.0' }
const PATIENCE_MS = 60_000

/** A client without a `person` does not say that it can ask. */
export async function connect(kind: ClientKind, reach: Reach, person?: Person): Promise<TestClient> {
  const transport = 'url' in reach ? overHttp(kind, reach.url, reach.key) : overStdio(kind, programOf(reach))
  const capabilities = person === undefined ? {} : { elicitation: { form: {} } }
  const client =
    kind === 'v1'
      ? new LegacyClient(SELF, { capabilities })
      : new ModernClient(SELF, { ...negotiation(kind), capabilities })
  if (person !== undefined) letAsk(client, person)
  await client.connect(transport)
  return {
    tools: async () => (await client.listTools()).tools,
    call: (name, args = {}, stop) => callTool(client, name, args, stop),
    ping: () => client.ping(),
    async resources() {
      const { resources } = await client.listResources()
      const { resourceTemplates } = await client.listResourceTemplates()
      return {
        uris: resources.map(({ uri }) => uri),
        templates: resourceTemplates.map(({ uriTemplate }) => uriTemplate),
      }
    },
    async read(uri) {
      const [content] = (await client.readResource({ uri })).contents
      if (content === undefined) return ''
      return 'text' in content ? content.text : content.blob
    },
    subscribe: (uris, hear) => subscribe(client, uris, hear),
    pid: () => ('pid' in transport ? (transport.pid ?? undefined) : undefined),
    close: () => client.close(),
  }
}

function letAsk(client: LegacyClient | ModernClient, person: Person): void {
  const answer = (message: string) => {
    const { action, approve } = person(message)
    return approve === undefined ? { action } : { action, content: { approve } }
  }
  if (client instanceof LegacyClient)
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => answer(params.message))
  else client.setRequestHandler('elicitation/create', ({ params }) => answer(params.message))
}

async function callTool(
  client: LegacyClient | ModernClient,
  name: string,
  args: Record<string, unknown>,
  stop?: AbortSignal,
) {
  const options = { timeout: PATIENCE_MS, ...(stop === undefined ? {} : { signal: stop }) }
  const called =
    client instanceof LegacyClient
      ? client.callTool({ name, arguments: args }, undefined, options)
      : client.callTool({ name, arguments: args }, options)
  return (await called) as unknown as Outcome
}

function subscribe(client: LegacyClient | ModernClient, uris: readonly string[], hear: (uri: string) => void) {
  if (client instanceof LegacyClient) {
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => hear(params.uri))
    return Promise.all(uris.map((uri) => client.subscribeResource({ uri })))
  }
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => hear(params.uri))
  return client.listen({ resourceSubscriptions: [...uris] })
}

function negotiation(kind: ClientKind) {
  if (kind === 'v2-auto') return { versionNegotiation: { mode: 'auto' as const } }
  return kind === 'v2' ? {} : { versionNegotiation: { mode: { pin: '2026-07-28' } } }
}

/** Reaches a shipped server over stdio: arguments of `hardened-mcp serve`. */
export const serving = (...args: readonly string[]): Reach => ({ node: serveLine(args) })

const programOf = (reach: Exclude<Reach, { url: string }>): readonly [string, ...string[]] =>
  'node' in reach ? [process.execPath, ...reach.node] : reach.command

function overStdio(kind: ClientKind, [command, ...args]: readonly [string, ...string[]]) {
  const server = { command, args, stderr: 'ignore' as const }
  return kind === 'v1' ? new LegacyStdio(server) : new ModernStdio(server)
}

function overHttp(kind: ClientKind, url: string, key: string) {
  const options = { requestInit: { headers: { Authorization: `Bearer ${key}` } } }
  return kind === 'v1' ? new LegacyHttp(new URL(url), options) : new ModernHttp(new URL(url), options)
}
