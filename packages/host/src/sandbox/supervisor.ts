// The process that the client or the container starts: it spawns, kills, refills and ends with its front. It opens no
// socket and reads no byte that comes from outside; it is the only part of a running server that may create a process.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { constants } from 'node:os'
import type { FrontConfig } from '../config.ts'
import { FILTER_FD } from './bubblewrap.ts'
import { EXIT_BROKEN } from './exit-codes.ts'
import type { ToFront, ToSupervisor, WorkerEnd } from './messages.ts'
import type { Started } from './supervisor-sandbox.ts'
import { OVER_MEMORY_SIGNAL } from './watchdog.ts'

export type Launch = Readonly<{
  front: Started & Readonly<{ config: FrontConfig; stdin: 'inherit' | 'ignore' }>
  worker: Started & Readonly<{ count: number; config: string }>
  onServing: (url?: string) => void
}>

const DRAIN_MS = 10_000 // docker stop waits as long before it kills
const FIRST_REFILL_DELAY_MS = 100 // doubled for each worker that dies young, so that a broken start does not spin
const LAST_REFILL_DELAY_MS = 5_000
const YOUNG_MS = 1_000
const BY_SIGNAL = 128 // bubblewrap says this way, as a shell does, that its process died of a signal

// Nothing of the operator's environment. Without a zone, the first date makes ICU search the whole zone database (a quarter of
// a second under gVisor), and SQLite's 'localtime' would differ between machines.
const ENVIRONMENT = { TZ: 'UTC' }

// A sort frees its million records in an order that suits nobody: out of glibc's fast bins the next sort, also another tenant's,
// would get them back in that order and take up to four times as long.
const WORKER_ENVIRONMENT = { ...ENVIRONMENT, GLIBC_TUNABLES: 'glibc.malloc.mxfast=0' }

type Running = { process: ChildProcess; bornMs: number; killed: boolean }

/** Runs one server until its front is gone; resolves with the exit code. No child outlives it. */
export function supervise(launch: Launch): Promise<number> {
  const workers = new Map<number, Running>()
  const front = spawn(launch.front.file, [...launch.front.args], {
    stdio: [launch.front.stdin, 'inherit', 'inherit', 'ipc', ...filterPipe(launch.front)],
    env: ENVIRONMENT,
    detached: hasGroup(launch.front),
  })
  giveFilter(front, launch.front)
  const tell = (message: ToFront, handle?: Socket) => {
    if (front.connected) front.send(message, handle, {}, () => undefined) // a front that is gone is handled by its exit
  }
  let nextWorker = 1
  let youngDeaths = 0
  let stopping = false

  const startWorker = () => {
    if (stopping) return
    const id = nextWorker++
    const child = spawn(launch.worker.file, [...launch.worker.args], {
      stdio: ['pipe', 'ignore', 'ignore', 'pipe', ...filterPipe(launch.worker)],
      env: WORKER_ENVIRONMENT,
      detached: hasGroup(launch.worker),
    })
    giveFilter(child, launch.worker)
    const running: Running = { process: child, bornMs: performance.now(), killed: false }
    workers.set(id, running)
    child
      .on('error', () => undefined)
      .on('exit', (code, signal) => {
        workers.delete(id)
        killGroup(child, launch.worker)
        const end = endOf(running, code, signal)
        tell({ type: 'ended', worker: id, end })
        const diedYoung = end === 'crashed' && performance.now() - running.bornMs < YOUNG_MS
        youngDeaths = diedYoung ? youngDeaths + 1 : 0
        const delayMs = diedYoung ? Math.min(FIRST_REFILL_DELAY_MS * 2 ** youngDeaths, LAST_REFILL_DELAY_MS) : 0
        setTimeout(startWorker, delayMs)
      })
    child.stdin?.on('error', () => undefined).write(`${launch.worker.config}\n`) // stays open: when it closes, the worker goes
    tell({ type: 'worker', worker: id }, unread(child.stdio[3] as Socket))
  }
  const kill = (id: number) => {
    const running = workers.get(id)
    if (running === undefined) return
    running.killed = true
    killAll(running.process, launch.worker)
  }
  const stop = () => {
    if (stopping) return
    stopping = true
    tell({ type: 'drain' })
    setTimeout(() => killAll(front, launch.front), DRAIN_MS).unref()
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
  process.on('exit', () => {
    for (const { process: child } of workers.values()) killAll(child, launch.worker)
    killAll(front, launch.front)
  })

  return new Promise((resolve) => {
    front.on('message', (message: ToSupervisor) => {
      if (message.type === 'kill') kill(message.worker)
      if (message.type === 'serving') launch.onServing(message.url)
      if (message.type === 'misconfigured') process.stderr.write(`hardened-mcp: ${message.line}\n`)
    })
    front.on('exit', (code) => {
      stopping = true
      killGroup(front, launch.front)
      for (const id of workers.keys()) kill(id)
      resolve(code === null || code >= BY_SIGNAL ? EXIT_BROKEN : code)
    })
    front.on('error', () => resolve(EXIT_BROKEN))
    tell({ type: 'config', config: launch.front.config })
    for (let started = 0; started < launch.worker.count; started++) startWorker()
  })
}

function endOf({ killed }: Running, code: number | null, signal: NodeJS.Signals | null): WorkerEnd {
  if (killed) return 'killed'
  const overMemory = MEMORY_SIGNALS.some((name) => signal === name || code === BY_SIGNAL + constants.signals[name])
  return overMemory ? 'memory' : 'crashed'
}

// The watchdog's, and the abort with which V8 ends at the limit of its heap.
const MEMORY_SIGNALS = [OVER_MEMORY_SIGNAL, 'SIGABRT'] as const

const hasGroup = ({ filter }: Started) => filter !== undefined

// bwrap forks, and ties its child to its own life only later: killed alone while it starts, it leaves a shell of itself that
// waits for ever. As leader of a group it dies with that child; once the child has a session of its own, it is tied.
function killAll(child: ChildProcess, started: Started): void {
  if (child.exitCode !== null || child.signalCode !== null) return // the number may be another's by now
  if (!killGroup(child, started)) child.kill('SIGKILL') // alone, or not yet the leader of its group
}

/** Also for one that was just reaped, whoever ended it: a group lives as long as it has a member, and keeps its number. */
function killGroup({ pid }: ChildProcess, started: Started): boolean {
  try {
    return hasGroup(started) && pid !== undefined && process.kill(-pid, 'SIGKILL')
  } catch {
    return false
  }
}

const filterPipe = ({ filter }: Started): 'pipe'[] => (filter === undefined ? [] : ['pipe'])

// Bubblewrap reads its filter to the end of the pipe before it runs anything.
function giveFilter(child: ChildProcess, { filter }: Started): void {
  if (filter === undefined) return
  const pipe = child.stdio[FILTER_FD] as Socket | undefined
  pipe?.on('error', () => undefined).end(filter)
}

// Node starts reading a child's pipe at once. What the supervisor read, the front would never see: stop before any byte
// can arrive (a worker speaks only after it has read its configuration). There is no public call for it.
function unread(socket: Socket): Socket {
  const { _handle: handle } = socket as unknown as { _handle: { readStop(): void } }
  handle.readStop()
  return socket
}
