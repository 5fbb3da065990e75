// The inside of a worker process: takes one operation at a time from the front and answers with final JSON text.
import { readSync } from 'node:fs'
import { Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { type Budget, denialOf, type Result } from '@hardened-mcp/security-core'
import { encodeFrame, type Frame, frameReader } from './frame.ts'

/** Executes one operation. The operation comes from another process: parse it with the closed schema before use. */
export type Execute = (operation: unknown, spend: Budget) => Promise<Result> | Result

const CONFIG_FD = 0 // the supervisor writes one line of JSON, and then holds the pipe open as a lifeline
const FRONT_FD = 3 // one end of a socket pair; the front holds the other

/** Opens the authority that `setup` describes and serves operations until the front or the supervisor goes away. */
export async function serveOperations(setup: (resources: unknown) => Promise<Execute> | Execute): Promise<void> {
  const { resources, watched } = readConfig()
  if (watched) holdLifeline()
  const front = new Socket({ fd: FRONT_FD, readable: true, writable: true })
  front.on('error', () => process.exit(1)).on('end', () => process.exit(0))
  try {
    const execute = await setup(resources)
    listen(front, execute)
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

function readConfig(): { resources: unknown; watched: boolean } {
  const bytes: Buffer[] = []
  const chunk = Buffer.alloc(64 * 1024)
  while (true) {
    const count = readSync(CONFIG_FD, chunk, 0, chunk.length, null)
    if (count === 0) process.exit(1)
    bytes.push(Buffer.from(chunk.subarray(0, count)))
    if (chunk[count - 1] === 0x0a)
      return JSON.parse(Buffer.concat(bytes).toString('utf8')) as { resources: unknown; watched: boolean }
  }
}

// A thread that blocks on the supervisor's pipe. SQLite or a regex may hold the main thread for ever; when the supervisor
// is gone, however it went, the read ends and the thread takes the whole process down.
function holdLifeline(): void {
  const source = `const { readSync } = require('node:fs')
    try { while (readSync(${CONFIG_FD}, Buffer.alloc(64)) > 0) {} } catch {}
    process.kill(process.pid, 'SIGKILL')`
  new Worker(source, {
    eval: true,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
  }).unref()
}

const messageOf = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown))
