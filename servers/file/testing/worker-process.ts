// A real worker of this server under the flags it runs with, and the front's end of its socket.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { type Budget, Denial, type DenialCode } from '@hardened-mcp/security-core'
import { encodeFrame, type Frame, frameReader } from '../../../packages/host/src/sandbox/frame.ts'
import type { Operation } from '../operations.ts'
import { resources } from '../resources.ts'
import { file } from '../server.ts'

const CODE = dirname(dirname(import.meta.dirname))
const SPEND: Budget = { deadlineMs: 10_000, outputBytes: 65_536 }

export type WorkerProcess = Readonly<{
  pid: number
  run(operation: Operation, spend?: Budget): Promise<Record<string, unknown>>
  end(): Promise<void>
}>

type Head = { ok?: object; ready?: true; failed?: string; denied?: { code: DenialCode; reason: string; says: string } }

/** Rejects with the worker's own sentence when it does not get ready. */
export async function workerProcess(given: unknown): Promise<WorkerProcess> {
  const granted = resources.parse(given)
  const places = [
    `${dirname(CODE)}/node_modules/`,
    `${dirname(CODE)}/packages/`,
    `${CODE}/`,
    `${dirname(CODE)}/package.json`,
  ]
  const reads = [...places, ...file.worker.fsRead(granted)].map((path) => `--allow-fs-read=${path}`)
  const writes = file.worker.fsWrite(granted).map((path) => `--allow-fs-write=${path}`)
  const fence = ['--permission', '--disable-warning=SecurityWarning', '--allow-worker', '--max-old-space-size=128']
  const child = spawn(process.execPath, [...fence, ...reads, ...writes, join(CODE, 'file/worker.ts')], {
    stdio: ['pipe', 'inherit', 'inherit', 'pipe'],
    env: {},
  })
  const socket = child.stdio[3] as Socket
  socket.on('error', () => undefined) // a killed worker resets it; its calls are settled by its exit
  const config = child.stdio[0] as Writable
  const waiting = new Map<number, (frame: Frame | undefined) => void>()
  const first = new Promise<Frame | undefined>((resolve) => waiting.set(0, resolve))
  socket.on('data', frameReader({ maxBodyBytes: 1 << 20, deliver: (frame) => waiting.get(frame.id)?.(frame) }))
  child.on('exit', () => {
    for (const resolve of waiting.values()) resolve(undefined)
  })
  config.write(`${JSON.stringify({ resources: granted, watched: true })}\n`)
  const { ready, failed } = ((await first)?.head ?? {}) as Head
  if (ready !== true) throw new RangeError(failed ?? 'The worker ended without a word')
  let id = 0
  return {
    pid: child.pid ?? 0,
    async run(operation, spend = SPEND) {
      id += 1
      const answer = new Promise<Frame | undefined>((resolve) => waiting.set(id, resolve))
      socket.write(encodeFrame({ id, head: { operation, spend }, body: '' }))
      const frame = await answer
      if (frame === undefined) throw new Error('The worker ended during the call')
      const { denied } = frame.head as Head
      if (denied !== undefined) throw new Denial(denied.code, denied.reason, { says: denied.says })
      if (Buffer.byteLength(frame.body) > spend.outputBytes) throw new Error('The answer is over its budget')
      return JSON.parse(frame.body) as Record<string, unknown>
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      config.end()
      await gone
    },
  }
}
