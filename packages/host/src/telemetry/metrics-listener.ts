// Question: who may read the figures of this server?
// Threat:   figures on the port of the callers; a page in a browser that reads them through a name of its own (DNS rebinding);
//           readers that hold connections, or ask so often that the calls have to wait.
// Rule:     a listener of its own, on loopback or for listed networks; Host must be an address or localhost; three paths, GET, few connections.
// Limits:   asks for no credential: whoever is in these networks can read counts, times and names of tools. Nothing there is of a caller.
// Proof:    metrics-listener.test.ts
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { plain, proxyList } from '../mcp/peer.ts'
import type { MetricsAddress } from '../policy/telemetry-section.ts'

export type MetricsListener = Readonly<{ url: string; close(): Promise<void> }>

/** What is served: status, type and text of each path. */
export type Page = Readonly<{ status: number; type: string; text: string }>
export type Pages = Readonly<Record<string, () => Page | Promise<Page>>>

const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8_192,
}
const MAX_CONNECTIONS = 16

/** Throws `RangeError` with one line when the address cannot be had. */
export async function metricsListener({ host, port, from }: MetricsAddress, pages: Pages): Promise<MetricsListener> {
  const readers = from === undefined ? undefined : proxyList(from)
  const server = createServer(LIMITS, (request, response) => {
    answer(request, pages).then(
      ({ status, type, text }) => send(response, status, type, text),
      () => send(response, 500, 'text/plain', 'internal\n'),
    )
  })
  server.maxConnections = MAX_CONNECTIONS
  server.on('connection', (socket) => {
    const peer = plain(socket.remoteAddress ?? '')
    if (readers?.check(peer, isIP(peer) === 6 ? 'ipv6' : 'ipv4') === false) socket.destroy()
  })
  await new Promise<void>((resolve, fail) => {
    server.once('error', (error) =>
      fail(new RangeError(`Metrics cannot be served on ${host}:${port}: ${error.message}`)),
    )
    server.listen(port, host, resolve)
  })
  const bound = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(request: IncomingMessage, pages: Pages): Promise<Page> {
  const hosts = request.headersDistinct['host'] ?? []
  const refuse = (status: number, text: string) => ({ status, type: 'text/plain', text: `${text}\n` })
  // A name leads where its owner says; an address leads here.
  if (hosts.length !== 1 || !isAddress(hosts[0] as string)) return refuse(421, 'Ask by address')
  if (request.headers.origin !== undefined) return refuse(403, 'Not for browsers')
  const page = Object.hasOwn(pages, request.url ?? '') ? pages[request.url as string] : undefined
  if (page === undefined) return refuse(404, 'Not found')
  return request.method === 'GET' ? page() : refuse(405, 'Method not allowed')
}

function isAddress(host: string): boolean {
  const [, v6, other = ''] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.]+))(?::\d{1,5})?$/.exec(host) ?? []
  return other.toLowerCase() === 'localhost' || isIP(v6 ?? other) !== 0
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  response.end(text)
}
