// Passes bytes between two sockets until one side ends, and cuts what is too much, too slow or too long.
import type { Socket } from 'node:net'

export type RelayLimits = Readonly<{
  /** Bytes from the client: requests and handshakes, so that a tunnel is no way to carry a database out. */
  upBytes: number
  downBytes: number
  idleMs: number
  lifeMs: number
}>

/** `end` says why it is over: one side closed, or the limit that was reached. */
export type Relayed = Readonly<{ up: number; down: number; end: 'closed' | 'bytes' | 'idle' | 'life' }>

/** Resolves when both sockets are gone. A half-closed tunnel is a closed one: what was sent before still arrives. */
export function relay(client: Socket, remote: Socket, limits: RelayLimits): Promise<Relayed> {
  const counted = { up: 0, down: 0 }
  let end: Relayed['end'] = 'closed'
  const cut = (why: Relayed['end']) => {
    end = why
    client.destroy()
    remote.destroy()
  }
  const pass = (from: Socket, to: Socket, side: 'up' | 'down', maxBytes: number) => {
    from.on('data', (chunk: Buffer) => {
      counted[side] += chunk.length
      if (counted[side] > maxBytes) return cut('bytes')
      if (!to.write(chunk)) from.pause()
    })
    to.on('drain', () => from.resume())
    from.on('end', () => to.end())
    from.on('error', () => undefined)
    from.on('close', () => to.end())
    from.setTimeout(limits.idleMs, () => cut('idle'))
    return new Promise<void>((done) => void from.once('close', done))
  }
  const life = setTimeout(() => cut('life'), limits.lifeMs)
  const both = [pass(client, remote, 'up', limits.upBytes), pass(remote, client, 'down', limits.downBytes)]
  return Promise.all(both).then(() => {
    clearTimeout(life)
    return { ...counted, end }
  })
}
