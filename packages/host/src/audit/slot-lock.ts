// Question: does anybody else write this trail?
// Threat:   two instances on one file: their records interleave, both chains break, and nobody can tell why.
// Rule:     an instance holds a slot while it listens on a unix socket of the slot's name; the kernel lets go when it dies.
// Limits:   on Linux the name lives in the network namespace: instances in different containers do not see each other.
//           Elsewhere two that start at the same moment after a crash can both succeed. In either case the trail file notices
//           the second writer after the fact and stops. Give each container its own directory.
// Proof:    slot-lock.test.ts
import { createHmac } from 'node:crypto'
import { unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { codeOf } from './private-files.ts'

/** Gives the slot back. */
export type SlotLock = Readonly<{ release(): Promise<void> }>

/** Returns `undefined` when another instance holds the slot. `key` makes the name one that nobody else can take beforehand. */
export async function lockSlot(options: { dir: string; slot: number; key: Buffer }): Promise<SlotLock | undefined> {
  if (process.platform === 'linux') return listen(abstractName(options))
  return lockByPath(join(options.dir, `slot-${options.slot}.lock`))
}

/** For systems without abstract names. A socket file outlives its owner; it is taken over when nobody answers. */
export async function lockByPath(path: string): Promise<SlotLock | undefined> {
  const lock = await listen(path)
  if (lock !== undefined || (await answers(path))) return lock
  await unlink(path).catch(() => undefined)
  return listen(path)
}

function abstractName({ slot, key }: { slot: number; key: Buffer }): string {
  const name = createHmac('sha256', key).update(`hardened-mcp audit v1 slot ${slot}`).digest('hex').slice(0, 32)
  return `\0hardened-mcp-audit-${name}`
}

function listen(path: string): Promise<SlotLock | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (thrown) => (codeOf(thrown) === 'EADDRINUSE' ? resolve(undefined) : reject(thrown)))
    // exclusive: inside a cluster the handle would otherwise be shared, and every worker would hold the slot.
    server.listen({ path, exclusive: true }, () => {
      server.unref().on('error', () => undefined)
      resolve({ release: () => closed(server) })
    })
  })
}

const closed = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()))

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(true)).on('error', () => resolve(false))
    socket.on('close', () => socket.destroy())
  })
}
