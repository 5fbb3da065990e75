// Question: can the work always be ended, and does the next call get a worker?
// Threat:   a runaway query, regex or page that holds a process; a worker that crashes, lies or floods its answer.
// Rule:     one call, one worker; it waits and works at most its deadline each; at the deadline, on cancellation or on a broken frame the worker is killed and replaced.
// Limits:   what a worker may do in its time is for its own policies; memory is watched by the supervisor.
// Proof:    worker-pool.test.ts, test/e2e/kill.test.ts
import type { Socket } from 'node:net'
import {
  assertCleared,
  type Budget,
  type Cleared,
  Denial,
  type Executor,
  type Result,
} from '@hardened-mcp/security-core'
import { encodeFrame, type Frame, frameReader } from './frame.ts'
import type { WorkerEnd } from './messages.ts'
import { settleBy, textOf } from './pool-reply.ts'
import { type Placing, placement } from './placement.ts'
import { cancelled, lost, noWorker, overran, shuttingDown } from './pool-denials.ts'

export type PoolOptions = Readonly<{
  kill: (worker: number) => void
  /** A worker could not open what it was granted. */
  onFailed: (reason: string) => void
  maxBodyBytes: number
  /** Told how long a worker was held, however the call ended. Waiting for a worker is not part of it. */
  onWork?: (operation: object, ms: number) => void
  /** Which worker suits an operation, and how many of its kind may run at once. */
  placing?: (operation: object) => Placing
}>

const MAX_WAITING = 64 // calls beyond it are refused at once: a long queue only turns into timeouts
const MAX_HEAD_BYTES = 128 * 1024 // figures, or a reason that quotes the longest statement; twice as much of hostile JSON takes 50 ms to parse
const MAX_TURN_MS = 100 // a later call may have less to wait

type Job = {
  readonly operation: object
  readonly spend: Budget
  readonly settle: { resolve: (result: Result) => void; reject: (denial: Denial) => void }
  readonly end: (denial: Denial) => void
  timer: NodeJS.Timeout
  worker?: Slot
  startedMs: number
}
type Slot = {
  readonly id: number
  readonly socket: Socket
  ready: boolean
  job?: Job | undefined
  doomed: boolean
  call: number
}

export type WorkerPool = Readonly<{
  execute: Executor<object>
  attach(worker: number, socket: Socket): void
  ended(worker: number, end: WorkerEnd): void
  /** Resolves when the first worker has opened what it was granted. */
  ready: Promise<void>
  /** Workers that opened what was granted, those of them that could take a call now, and calls that wait for one. */
  load(): Readonly<{ alive: number; idle: number; waiting: number }>
  /** Ends every call that works or waits, and refuses later ones: the process is about to go. */
  stop(): void
}>

export function workerPool(options: PoolOptions): WorkerPool {
  const slots = new Map<number, Slot>()
  const waiting: Job[] = []
  const { promise: ready, resolve: firstReady } = Promise.withResolvers<void>()
  const places = placement<Job, Slot>(
    ({ operation }) => options.placing?.(operation) ?? {},
    performance.now.bind(performance),
  )
  const standing = () => [...slots.values()].filter((slot) => slot.ready && !slot.doomed)
  const free = () => standing().filter((slot) => slot.job === undefined)
  const alive = (id: number) => slots.get(id)?.doomed === false

  let stopped = false
  let turn: NodeJS.Timeout | undefined // one timer for all that wait: each would wake all others
  const next = () => {
    for (const job of [...waiting]) {
      const open = free()
      if (open.length === 0) return
      const place = places.placeOf(job, open, alive)
      if (place === undefined) continue
      if ('afterMs' in place) turn ??= setTimeout(nextTurn, Math.min(place.afterMs, MAX_TURN_MS))
      else start(place.slot, waiting.splice(waiting.indexOf(job), 1)[0] as Job)
    }
  }
  const nextTurn = () => {
    turn = undefined
    next()
  }
  const doom = (slot: Slot) => {
    slot.doomed = true
    options.kill(slot.id)
  }
  const release = (slot: Slot, job: Job) => {
    places.ended(job)
    slot.job = undefined
    options.onWork?.(job.operation, performance.now() - job.startedMs)
  }
  const finish = (slot: Slot, frame: Frame) => {
    const { job } = slot
    if (job === undefined || frame.id !== slot.call) return doom(slot) // an answer nobody asked for
    release(slot, job)
    settleBy(job.settle, frame)
    next()
  }

  return {
    execute(operation: Cleared<object>, spend, stop) {
      assertCleared(operation)
      return new Promise<Result>((resolve, reject) => {
        if (stop.aborted) return reject(cancelled())
        if (stopped) return reject(shuttingDown())
        if (waiting.length >= MAX_WAITING) return reject(new Denial('busy', `${MAX_WAITING} calls are waiting already`))
        const end = (denial: Denial) => {
          const place = waiting.indexOf(job)
          if (place >= 0) waiting.splice(place, 1)
          if (job.worker?.job === job) doom(job.worker)
          settled(reject)(denial)
        }
        const onStop = () => end(cancelled())
        const settled =
          <Value>(settle: (value: Value) => void) =>
          (value: Value) => {
            clearTimeout(job.timer)
            stop.removeEventListener('abort', onStop)
            settle(value)
          }
        const job: Job = {
          operation,
          spend,
          settle: { resolve: settled(resolve), reject: settled(reject) },
          end,
          timer: setTimeout(() => end(noWorker(spend)), spend.deadlineMs),
          startedMs: 0,
        }
        stop.addEventListener('abort', onStop, { once: true })
        waiting.push(job)
        next()
      })
    },
    attach(id, socket) {
      const slot: Slot = { id, socket, ready: false, doomed: false, call: 0 }
      slots.set(id, slot)
      const deliver = (frame: Frame) => {
        if (slot.doomed) return
        if (frame.id !== 0) return finish(slot, frame)
        const head = frame.head as { ready?: true; failed?: unknown }
        if (head.failed !== undefined) return options.onFailed(textOf(head.failed, 'The worker gave no reason'))
        slot.ready = true
        firstReady()
        next()
      }
      const read = frameReader({ maxBodyBytes: options.maxBodyBytes, maxHeadBytes: MAX_HEAD_BYTES, deliver })
      socket
        .on('error', () => undefined)
        .on('data', (chunk) => {
          if (slot.doomed) return
          try {
            read(chunk)
          } catch {
            doom(slot) // a frame over its limits or without sense
          }
        })
    },
    ended(id, end) {
      const slot = slots.get(id)
      slots.delete(id)
      slot?.socket.destroy()
      if (slot?.job !== undefined) {
        const { job } = slot
        release(slot, job)
        job.settle.reject(lost(end))
      }
      next()
    },
    ready,
    load: () => ({ alive: standing().length, idle: free().length, waiting: waiting.length }),
    stop() {
      stopped = true
      const working = [...slots.values()].flatMap(({ job }) => job ?? [])
      for (const job of [...waiting, ...working]) job.end(shuttingDown())
    },
  }

  function start(slot: Slot, job: Job): void {
    slot.job = job
    slot.call += 1
    job.worker = slot
    job.startedMs = performance.now()
    // The work has its whole deadline from here: a call that waited for a free worker is not ended half-way for that.
    clearTimeout(job.timer)
    job.timer = setTimeout(() => job.end(overran(job.spend)), job.spend.deadlineMs)
    places.started(job, slot)
    slot.socket.write(encodeFrame({ id: slot.call, head: { operation: job.operation, spend: job.spend }, body: '' }))
  }
}
