// A real TLS server on loopback for tests: each path is played as raw bytes, so it can break any rule of HTTP.
import { once } from 'node:events'
import { createServer, type TLSSocket } from 'node:tls'

/** Writes an answer to `socket`, well-formed or not. `request` is the raw head the client sent. */
export type Play = (socket: TLSSocket, request: string) => void

export type HostileSite = Readonly<{ port: number; requests: readonly string[]; close(): Promise<void> }>

export async function hostileSite(
  identity: Readonly<{ cert: string; key: string }>,
  plays: Readonly<Record<string, Play>>,
  address = '127.0.0.1',
  port = 0,
): Promise<HostileSite> {
  const requests: string[] = []
  const sockets = new Set<TLSSocket>()
  const server = createServer({ cert: identity.cert, key: identity.key }, (socket) => {
    sockets.add(socket)
    let held = ''
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      held += chunk.toString('latin1')
      const end = held.indexOf('\r\n\r\n')
      if (end < 0) return
      const request = held.slice(0, end)
      held = held.slice(end + 4)
      requests.push(request)
      const path = request.split(' ')[1]?.split('?')[0] ?? ''
      const play = plays[path] ?? notFound
      play(socket, request)
    })
  })
  server.listen(port, address)
  await once(server, 'listening')
  const bound = server.address()
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    requests,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}

/** A whole answer with a true length. */
export const reply =
  (status: number, headers: Readonly<Record<string, string>>, body: string | Buffer = ''): Play =>
  (socket) => {
    const bytes = Buffer.from(body as string)
    const lines = Object.entries({ 'content-length': String(bytes.length), ...headers })
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} X\r\n${head}\r\n`, 'utf8'), bytes]))
  }

/** Writes `piece` again and again until the client leaves, `pauseMs` apart or as fast as the socket takes it. */
export const flood =
  (start: string, piece: string | Buffer, pauseMs?: number): Play =>
  (socket) => {
    socket.write(start)
    if (pauseMs !== undefined) {
      const timer = setInterval(() => socket.write(piece), pauseMs)
      socket.on('close', () => clearInterval(timer))
      return
    }
    const pour = () => {
      while (!socket.destroyed && socket.write(piece));
    }
    socket.on('drain', pour)
    pour()
  }

const notFound = reply(404, { 'content-type': 'text/plain' }, 'not found')
