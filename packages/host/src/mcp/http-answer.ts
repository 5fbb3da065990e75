// How an HTTP request is answered: refusals with constant text, the health line, and what the protocol layer made.
import type { IncomingMessage, ServerResponse } from 'node:http'

export type Rejection = Readonly<{
  status: number
  message: string
  headers?: Readonly<Record<string, string | readonly string[]>>
}>

export const MAX_BODY_BYTES = 1024 * 1024 // the longest input of any tool is far below
export const TOO_LARGE: Rejection = { status: 413, message: `The body must be at most ${MAX_BODY_BYTES} bytes` }
export const FAULT: Rejection = { status: 500, message: 'Internal error' }
export const NOT_RECORDED: Rejection = {
  status: 503,
  message: 'The audit trail cannot be written',
  headers: { 'retry-after': '5' },
}

export const ISSUER_DOWN: Rejection = {
  status: 503,
  message: 'The authorization server cannot be reached',
  headers: { 'retry-after': '5' },
}

export const DELEGATION: Rejection = { status: 403, message: 'The token came through hands that may not act here' }

export const throttled = (waitMs: number): Rejection => ({
  status: 429,
  message: 'Too many failed attempts',
  headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) },
})

/** Public and cacheable: what a client has to know before it can ask for a token (RFC 9728 §3). */
export function describe(response: ServerResponse, metadata: string): void {
  response.writeHead(200, { ...COMMON_HEADERS, 'cache-control': 'max-age=300', 'content-type': 'application/json' })
  response.end(metadata)
}

const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

export function reject(request: IncomingMessage, response: ServerResponse, rejection: Rejection): void {
  if (response.headersSent) return void response.destroy()
  const { status, message, headers } = rejection
  // Without `id`: it belongs to a request that was not read, and the schema of MCP has no null there.
  const body = JSON.stringify({ jsonrpc: '2.0', error: { code: -32000, message } })
  const given = Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, [value].flat()]))
  response.writeHead(status, { ...COMMON_HEADERS, ...given, 'content-type': 'application/json', connection: 'close' })
  response.end(body)
  request.resume() // what is still coming is thrown away, and the connection closes with the answer
}

export function health(response: ServerResponse, healthy: boolean, trouble?: string): void {
  response
    .writeHead(healthy ? 200 : 503, { ...COMMON_HEADERS, 'content-type': 'text/plain' })
    .end(healthy ? `${trouble ?? 'ok'}\n` : 'unhealthy\n')
}

/** Each word says what calls cannot be answered without. */
export const readyPage = (wrong: readonly string[]) => ({
  status: wrong.length === 0 ? 200 : 503,
  type: 'text/plain',
  text: `${wrong.length === 0 ? 'ok' : wrong.join(' ')}\n`,
})

export function readiness(response: ServerResponse, wrong: readonly string[]): void {
  const { status, type, text } = readyPage(wrong)
  response.writeHead(status, { ...COMMON_HEADERS, 'content-type': type }).end(text)
}

/** Sends what the protocol layer answered, no faster than the client reads; what is whole already goes out with its head in one write. */
export async function relay(web: Response, response: ServerResponse): Promise<void> {
  const headers = { ...Object.fromEntries(web.headers), ...COMMON_HEADERS }
  if (web.body === null || web.headers.get('content-type')?.startsWith('text/event-stream') !== true) {
    const body = Buffer.from(await web.arrayBuffer())
    response.writeHead(web.status, { ...headers, 'content-length': body.length })
    // Ended only once it is sent: a closing server takes a connection whose answer has ended for an idle one, and cuts it off.
    if (body.length > 0 && !response.write(body)) await drained(response)
    return void response.end()
  }
  response.writeHead(web.status, headers)
  response.flushHeaders() // an event stream may have nothing to say for a long time
  for await (const chunk of web.body) {
    if (response.destroyed) return
    if (!response.write(chunk)) await drained(response)
  }
  response.end()
}

const drained = (response: ServerResponse) =>
  new Promise<void>((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
