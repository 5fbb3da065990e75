// The inside of a worker process: takes one operation at a time from the front and answers with final JSON text.
import { readSync } from 'node:fs'
import { Socket } from 'node:net'
import { getPriority, setPriority } from 'node:os'
import { type Budget, denialOf, type Result } from '@hardened-mcp/security-core/worker'
import { encodeFrame, type Frame, frameReader } from './frame.ts'
import { type Watchdog, watchdog } from './watchdog.ts'

/** Executes one operation. The operation comes from another process: parse it with the closed schema before use. */
export type Execute = (operation: unknown, spend: Budget) => Promise<Result> | Result

/**
 * What the supervisor writes: what was granted, by how many MiB the process may grow, and 32 random bytes in base64url
 * that all workers of one server share and nobody else knows.
 */
export type WorkerConfig = Readonly<{ resources: unknown; memoryMb: number; secret: string }>

const CONFIG_FD = 0 // the supervisor writes one line of JSON, and holds the pipe open as long as it lives
const NICER = 5 // than the front: a third of its weight on a full machine, and all there is on an idle one
const FRONT_FD = 3 // one end of a socket pair; the front holds the other

/** Opens the authority that `setup` describes and serves operations until the front or the supervisor goes away. */
export async function serveOperations(
  setup: (resources: unknown, secret: string) => Promise<Execute> | Execute,
): Promise<void> {
  const { resources, memoryMb, secret } = readConfig()
  yieldToFront()
  new Socket({ fd: CONFIG_FD, writable: false }).on('error', goodbye).on('end', goodbye).resume() // the supervisor is gone
  const front = new Socket({ fd: FRONT_FD, readable: true, writable: true })
  front.on('error', goodbye).on('end', goodbye)
  try {
    const execute = await setup(resources, secret)
    listen(front, watched(execute, watchdog(memoryMb)))
  } catch (thrown) {
    // Frame 0 is the worker's own: the front logs it, and no call is answered by this process.
    front.end(encodeFrame({ id: 0, head: { failed: messageOf(thrown) }, body: '' }), () => process.exit(1))
  }
}

function listen(front: Socket, execute: Execute): void {
  let queue = Promise.resolve()
  const deliver = (frame: Frame) => {
    queue = queue.then(() => answer(front, execute, frame))
  }
  const read = frameReader({ maxBodyBytes: 0, deliver })
  front.on('data', read)
  front.write(encodeFrame({ id: 0, head: { ready: true }, body: '' }))
}

async function answer(front: Socket, execute: Execute, frame: Frame): Promise<void> {
  const { operation, spend } = frame.head as { operation: unknown; spend: Budget }
  try {
    const { text, ...figures } = await execute(operation, spend)
    front.write(encodeFrame({ id: frame.id, head: { ok: figures }, body: text }))
  } catch (thrown) {
    const { code, message, says, retryAfterMs } = denialOf(thrown)
    front.write(
      encodeFrame({ id: frame.id, head: { denied: { code, reason: message, says, retryAfterMs } }, body: '' }),
    )
  }
}

// When every core is taken by bombs, the front still gets its turn first: it has to answer `ping` and to ask for the kill.
// Where a seccomp profile refuses the call, the kernel's fair share has to do.
function yieldToFront(): void {
  try {
    setPriority(Math.min(19, getPriority() + NICER))
  } catch {
    // as before
  }
}

function readConfig(): WorkerConfig {
  const bytes: Buffer[] = []
  const chunk = Buffer.alloc(64 * 1024)
  while (true) {
    const count = readSync(CONFIG_FD, chunk, 0, chunk.length, null)
    if (count === 0) process.exit(1)
    bytes.push(Buffer.from(chunk.subarray(0, count)))
    if (chunk[count - 1] === 0x0a) return JSON.parse(Buffer.concat(bytes).toString('utf8')) as WorkerConfig
  }
}

const watched =
  (execute: Execute, guard: Watchdog): Execute =>
  async (operation, spend) => {
    guard.start()
    try {
      return await execute(operation, spend)
    } finally {
      guard.end()
    }
  }

const goodbye = () => process.exit(0)

const messageOf = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown))
