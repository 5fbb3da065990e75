// Starts the real worker process for tests, fenced as the supervisor fences it, and speaks its frames.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { unwrapped, type Wrapped } from './unwrapped.ts'
import { type Frame, encodeFrame, frameReader } from '../../../packages/host/src/sandbox/frame.ts'

export type Outcome = Readonly<{ ok: boolean; code?: string; says?: string; answer?: Record<string, unknown> }>

export type WorkerProcess = Readonly<{
  fetch(url: string, over?: Readonly<Record<string, unknown>>, deadlineMs?: number): Promise<Outcome>
  close(): Promise<void>
}>

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const SPEND = { deadlineMs: 10_000, outputBytes: 131_072 }

export const haveStrace = existsSync('/usr/bin/strace')

/** `traceFile` makes strace write every connect and send of the process there: a recorder outside of it. */
export async function workerProcess(
  resources: object,
  options: { reads?: readonly string[]; env?: Record<string, string>; traceFile?: string } = {},
): Promise<WorkerProcess> {
  const { reads = [], env = {}, traceFile } = options
  const fenced = ['--permission', '--allow-worker', '--disable-warning=SecurityWarning', '--max-old-space-size=128']
  const readable = [
    `${ROOT}node_modules/`,
    `${ROOT}packages/`,
    `${ROOT}servers/`,
    `${ROOT}package.json`,
    '/etc/resolv.conf',
    ...reads,
  ]
  const node = [
    process.execPath,
    ...fenced,
    ...readable.map((path) => `--allow-fs-read=${path}`),
    `${ROOT}servers/fetch/worker.ts`,
  ]
  const trace =
    traceFile === undefined
      ? []
      : ['/usr/bin/strace', '-f', '-qq', '-e', 'trace=connect,sendto,sendmsg,sendmmsg', '-o', traceFile]
  const [command = '', ...args] = [...trace, ...node]
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'inherit', 'pipe'], env })
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  child.stdin?.on('error', () => undefined).write(`${JSON.stringify({ resources, watched: false })}\n`)
  const pipe = child.stdio[3] as Socket
  const waiting = new Map<number, (frame: Frame) => void>()
  const ready = new Promise<Frame>((done) => waiting.set(0, done))
  pipe.on('data', frameReader({ maxBodyBytes: 1_000_000, deliver: (frame) => waiting.get(frame.id)?.(frame) }))
  const { head } = await ready
  if ((head as { ready?: boolean }).ready !== true) throw new Error(`The worker did not start: ${JSON.stringify(head)}`)
  let calls = 0
  return {
    async fetch(url, over = {}, deadlineMs = SPEND.deadlineMs) {
      calls += 1
      const operation = { op: 'fetch', tenant: 'acme', url, format: 'markdown', start: 0, length: 20_000, ...over }
      const answered = new Promise<Frame>((done) => waiting.set(calls, done))
      pipe.write(encodeFrame({ id: calls, head: { operation, spend: { ...SPEND, deadlineMs } }, body: '' }))
      const frame = await answered
      const { denied } = frame.head as { denied?: { code: string; says: string } }
      if (denied !== undefined) return { ok: false, ...denied }
      return { ok: true, answer: unwrapped(JSON.parse(frame.body) as Wrapped) }
    },
    async close() {
      pipe.end()
      await exited
    },
  }
}
