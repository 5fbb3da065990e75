// A server that is started for the scan and spoken to over its standard streams. Starting it runs it: nothing here contains it.
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { strictJson } from '@hardened-mcp/host/admin'
import { MAX_BYTES, type Message, type Peer, Unreadable } from './peer.ts'

const MAX_LINES = 10_000 // answers, notices and what a careless server logs to its standard output
const METHOD_NOT_FOUND = -32601

/** Runs `use` with the server; it and all it started are killed when `use` ends, whatever it did. `env` is all it gets to see. */
export async function withStdioServer<Result>(
  [command, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  stop: AbortSignal,
  use: (peer: Peer) => Promise<Result>,
): Promise<Result> {
  const child = spawn(located(command), args, { env: { ...env }, stdio: ['pipe', 'pipe', 'ignore'], detached: true })
  const kill = () => killGroup(child)
  const interrupted = () => process.exit(130) // a group of its own does not hear the terminal
  process.on('exit', kill).once('SIGINT', interrupted).once('SIGTERM', interrupted)
  try {
    return await use(peerOf(child, stop))
  } finally {
    kill()
    process.off('exit', kill).off('SIGINT', interrupted).off('SIGTERM', interrupted)
  }
}

// Looked up here: the server has no PATH.
function located(command: string): string {
  if (command.includes('/')) return resolve(command)
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((dir) => join(dir, command))
    .find(isProgram)
  if (found === undefined) throw new Unreadable(`There is no program ${command}`)
  return found
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // The group is gone already.
  }
}

function peerOf(child: ChildProcess, stop: AbortSignal): Peer {
  const waiting = new Map<number, (answer: Record<string, unknown>) => void>()
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => undefined) // whoever waits hears of it; nobody may be waiting
  const fail = (why: string) => failed.reject(new Unreadable(why))
  let rest: Buffer = Buffer.alloc(0)
  let bytes = 0
  let lines = 0
  const take = (line: Buffer) => {
    lines += 1
    if (lines > MAX_LINES) return fail(`More than ${MAX_LINES} lines`)
    if (line[0] !== 0x7b) return undefined // a log line, not a message
    let message: Record<string, unknown>
    try {
      message = strictJson(line)
    } catch (thrown) {
      return fail((thrown as Error).message)
    }
    const { id, method } = message
    if (typeof method === 'string' && id !== undefined)
      return write({
        jsonrpc: '2.0',
        id,
        ...(method === 'ping' ? { result: {} } : { error: { code: METHOD_NOT_FOUND, message: 'Not supported' } }),
      })
    if (typeof id === 'number') waiting.get(id)?.(message)
    return undefined
  }
  const write = (message: object) => void child.stdin?.write(`${JSON.stringify(message)}\n`)
  child.stdin?.on('error', () => undefined)
  child.stdout?.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_BYTES) {
      child.stdout?.destroy()
      return fail(`More than ${MAX_BYTES} bytes`)
    }
    const held = Buffer.concat([rest, chunk])
    let from = 0
    for (let end = held.indexOf(0x0a); end >= 0; end = held.indexOf(0x0a, from)) {
      take(held.subarray(from, end))
      from = end + 1
    }
    rest = held.subarray(from)
    return undefined
  })
  child.on('error', (thrown) => fail(`It cannot be started: ${thrown.message}`))
  child.on('close', (code, signal) => fail(`It ended with ${signal ?? code} before it answered`))
  stop.addEventListener('abort', () => fail('It did not answer in time'), { once: true })
  if (stop.aborted) fail('It did not answer in time')
  return {
    exchange(message: Message) {
      const answered = new Promise<Record<string, unknown>>((answer) => waiting.set(message.id ?? 0, answer))
      write(message)
      return Promise.race([answered, failed.promise])
    },
    async notify(message) {
      write(message)
    },
  }
}
