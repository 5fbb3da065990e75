// The process that the client or the container starts: it spawns, kills, refills and ends with its front. It opens no
// socket and reads no byte that comes from outside; it is the only part of a running server that may create a process.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import type { FrontConfig } from '../config.ts'
import { privateBytes } from './memory.ts'
import type { ToFront, ToSupervisor, WorkerEnd } from './messages.ts'

export type Launch = Readonly<{
  front: { args: readonly string[]; config: FrontConfig; stdin: 'inherit' | 'ignore' }
  worker: { args: readonly string[]; count: number; memoryBytes: number; config: string }
  onServing: (url?: string) => void
}>

/** Exit code of a server that was started wrongly (sysexits.h EX_CONFIG) and of one that broke (EX_SOFTWARE). */
export const EXIT_CONFIG = 78
const EXIT_BROKEN = 70

const WATCH_EVERY_MS = 10 // SQLite can take about 1 MB per millisecond
const DRAIN_MS = 10_000 // docker stop waits as long before it kills
const FIRST_REFILL_DELAY_MS = 100 // doubled for each worker that dies young, so that a broken start does not spin
const LAST_REFILL_DELAY_MS = 5_000
const YOUNG_MS = 1_000

type Running = { process: ChildProcess; bornMs: number; end: WorkerEnd }

/** Runs one server until its front is gone; resolves with the exit code. No child outlives it. */
export function supervise(launch: Launch): Promise<number> {
  const workers = new Map<number, Running>()
  const front = spawn(process.execPath, [...launch.front.args], {
    stdio: [launch.front.stdin, 'inherit', 'inherit', 'ipc'],
    env: {},
  })
  const tell = (message: ToFront, handle?: Socket) => {
    if (front.connected) front.send(message, handle, {}, () => undefined) // a front that is gone is handled by its exit
  }
  let nextWorker = 1
  let youngDeaths = 0
  let stopping = false

  const startWorker = () => {
    if (stopping) return
    const id = nextWorker++
    const child = spawn(process.execPath, [...launch.worker.args], {
      stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
      env: {},
    })
    const running: Running = { process: child, bornMs: Date.now(), end: 'crashed' }
    workers.set(id, running)
    child
      .on('error', () => undefined)
      .on('exit', () => {
        workers.delete(id)
        tell({ type: 'ended', worker: id, end: running.end })
        const diedYoung = running.end === 'crashed' && Date.now() - running.bornMs < YOUNG_MS
        youngDeaths = diedYoung ? youngDeaths + 1 : 0
        const delayMs = diedYoung ? Math.min(FIRST_REFILL_DELAY_MS * 2 ** youngDeaths, LAST_REFILL_DELAY_MS) : 0
        setTimeout(startWorker, delayMs)
      })
    child.stdin?.on('error', () => undefined).write(`${launch.worker.config}\n`) // stays open: the worker's lifeline
    tell({ type: 'worker', worker: id }, unread(child.stdio[3] as Socket))
  }
  const kill = (id: number, end: WorkerEnd) => {
    const running = workers.get(id)
    if (running === undefined) return
    running.end = end
    running.process.kill('SIGKILL')
  }
  const stop = () => {
    if (stopping) return
    stopping = true
    tell({ type: 'drain' })
    setTimeout(() => front.kill('SIGKILL'), DRAIN_MS).unref()
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
  process.on('exit', () => {
    for (const { process: child } of workers.values()) child.kill('SIGKILL')
    front.kill('SIGKILL')
  })
  const watch = setInterval(() => {
    for (const [id, { process: child }] of workers) {
      if (privateBytes(child.pid) > launch.worker.memoryBytes) kill(id, 'memory')
    }
  }, WATCH_EVERY_MS)

  return new Promise((resolve) => {
    front.on('message', (message: ToSupervisor) => {
      if (message.type === 'kill') kill(message.worker, 'killed')
      if (message.type === 'serving') launch.onServing(message.url)
      if (message.type === 'misconfigured') process.stderr.write(`hardened-mcp: ${message.line}\n`)
    })
    front.on('exit', (code) => {
      stopping = true
      clearInterval(watch)
      for (const id of workers.keys()) kill(id, 'killed')
      resolve(code ?? EXIT_BROKEN)
    })
    front.on('error', () => resolve(EXIT_BROKEN))
    tell({ type: 'config', config: launch.front.config })
    for (let started = 0; started < launch.worker.count; started++) startWorker()
  })
}

// Node starts reading a child's pipe at once. What the supervisor read, the front would never see: stop before any byte
// can arrive (a worker speaks only after it has read its configuration). There is no public call for it.
function unread(socket: Socket): Socket {
  const { _handle: handle } = socket as unknown as { _handle: { readStop(): void } }
  handle.readStop()
  return socket
}
