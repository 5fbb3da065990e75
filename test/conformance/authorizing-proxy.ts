// A loopback proxy that adds the credential the conformance suite cannot send, and otherwise passes on what it was given.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream'

export type AuthorizingProxy = Readonly<{ url: string; close(): Promise<void> }>

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]']

export async function authorizingProxy(target: string, key: string): Promise<AuthorizingProxy> {
  const { protocol, host, hostname, port, pathname } = new URL(target)
  const ask = protocol === 'https:' ? httpsRequest : httpRequest
  const server = createServer((incoming, answer) => {
    const own = (server.address() as AddressInfo).port
    const headers = { ...translated(incoming.headers, own, { protocol, host }), authorization: `Bearer ${key}` }
    const path = incoming.url === '/mcp' ? pathname : incoming.url
    const outgoing = ask({ hostname, port, method: incoming.method, path, headers }, (received: IncomingMessage) => {
      answer.writeHead(received.statusCode ?? 502, received.headers)
      pipeline(received, answer, () => undefined)
    })
    outgoing.on('error', () => answer.destroy())
    answer.on('close', () => outgoing.destroy()) // a client that leaves has to be seen to leave
    pipeline(incoming, outgoing, () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

// The proxy's own address becomes the server's. A foreign Host or Origin stays: refusing it is what a scenario looks for.
function translated(
  headers: IncomingHttpHeaders,
  own: number,
  target: { protocol: string; host: string },
): IncomingHttpHeaders {
  const { host, origin, ...rest } = headers
  const isOwn = LOOPBACK_NAMES.some((name) => host === `${name}:${own}`)
  const isOwnOrigin = LOOPBACK_NAMES.some((name) => origin === `http://${name}:${own}`)
  return {
    ...rest,
    ...(host === undefined ? {} : { host: isOwn ? target.host : host }),
    ...(origin === undefined ? {} : { origin: isOwnOrigin ? `${target.protocol}//${target.host}` : origin }),
  }
}
