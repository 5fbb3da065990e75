// The lightest client there is, so that what is measured is the server: one POST per call on kept connections.
import { Agent, request } from 'node:http'

export type Caller = Readonly<{
  tool(name: string, args: Readonly<Record<string, unknown>>): Promise<string>
  /** The floor: through HTTP, authentication and the protocol layer, to no tool and no record. */
  ping(): Promise<string>
  close(): void
}>

const VERSION = '2026-07-28'
const META = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

/** Rejects on everything but a result. */
export function caller(url: string, key: string): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const post = (message: object, headers: Readonly<Record<string, string>>) => send(url, agent, key, message, headers)
  return {
    tool: (name, args) =>
      post(
        { method: 'tools/call', params: { name, arguments: args, _meta: META } },
        { 'mcp-protocol-version': VERSION, 'mcp-method': 'tools/call', 'mcp-name': name },
      ),
    ping: () => post({ method: 'ping' }, { 'mcp-protocol-version': '2025-11-25' }),
    close: () => agent.destroy(),
  }
}

function send(
  url: string,
  agent: Agent,
  key: string,
  message: object,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, ...message })
  return new Promise<string>((resolve, reject) => {
    const fixed = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${key}`,
      'x-forwarded-proto': 'https', // as the gateway says it, in whose place this client stands
      'content-length': Buffer.byteLength(body),
    }
    const outgoing = request(url, { method: 'POST', agent, headers: { ...fixed, ...headers } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        if (response.statusCode === 200 && text.includes('"result"') && !text.includes('"isError"')) resolve(text)
        else reject(new Error(`${response.statusCode}: ${text.slice(0, 300)}`))
      })
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      // A connection that was kept while the other sides had their turn may close as it is used: the server has seen nothing of it.
      if (outgoing.reusedSocket && error.code === 'ECONNRESET') resolve(send(url, agent, key, message, headers))
      else reject(error)
    })
    outgoing.end(body)
  })
}
