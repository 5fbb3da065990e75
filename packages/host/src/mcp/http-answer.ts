// How an HTTP request is answered: refusals with constant text, the health line, and what the protocol layer made.
import type { IncomingMessage, ServerResponse } from 'node:http'

export type Rejection = Readonly<{ status: number; message: string; headers?: Readonly<Record<string, string>> }>

export const MAX_BODY_BYTES = 1024 * 1024 // the longest input of any tool is far below
export const TOO_LARGE: Rejection = { status: 413, message: `The body must be at most ${MAX_BODY_BYTES} bytes` }
export const FAULT: Rejection = { status: 500, message: 'Internal error' }
export const NOT_RECORDED: Rejection = {
  status: 503,
  message: 'The audit trail cannot be written',
  headers: { 'retry-after': '5' },
}

export const throttled = (waitMs: number): Rejection => ({
  status: 429,
  message: 'Too many failed attempts',
  headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) },
})

// Only constants reach the header. No error attribute when no credential was sent (RFC 6750 §3.1).
export const unauthorized = (failure: 'missing' | 'invalid'): Rejection => ({
  status: 401,
  message: 'Authentication is needed',
  headers: { 'www-authenticate': `Bearer realm="mcp"${failure === 'invalid' ? ', error="invalid_token"' : ''}` },
})

const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

export function reject(request: IncomingMessage, response: ServerResponse, rejection: Rejection): void {
  if (response.headersSent) return void response.destroy()
  const { status, message, headers } = rejection
  // Without `id`: it belongs to a request that was not read, and the schema of MCP has no null there.
  const body = JSON.stringify({ jsonrpc: '2.0', error: { code: -32000, message } })
  response.writeHead(status, { ...COMMON_HEADERS, ...headers, 'content-type': 'application/json', connection: 'close' })
  response.end(body)
  request.resume() // what is still coming is thrown away, and the connection closes with the answer
}

export function health(response: ServerResponse, healthy: boolean): void {
  response
    .writeHead(healthy ? 200 : 503, { ...COMMON_HEADERS, 'content-type': 'text/plain' })
    .end(healthy ? 'ok\n' : 'unhealthy\n')
}

/** Sends what the protocol layer answered, no faster than the client reads. */
export async function relay(web: Response, response: ServerResponse): Promise<void> {
  response.writeHead(web.status, { ...Object.fromEntries(web.headers), ...COMMON_HEADERS })
  if (web.body === null) return void response.end()
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
