// Question: can the work always be ended, and does the next call get a worker?
// Threat:   a runaway query, regex or page that holds a process; a worker that crashes, lies or floods its answer; one that a tenant took over and another's call meets.
// Rule:     one call, one worker; it waits and works at most its deadline each; at the deadline, on cancellation or on a broken frame the worker is killed and replaced; with `worker_per_tenant` also before another tenant's call.
// Limits:   what a worker may do in its time is for its own policies; memory is watched by the supervisor.
// Proof:    worker-pool.test.ts, test/e2e/kill.test.ts, test/access/own-workers.test.ts
import type { Socket } from 'node:net'
import {
  assertCleared,
  type Budget,
  type CallContext,
  type Cleared,
  Denial,
  type Executor,
  type Result,
} from '@hardened-mcp/security-core'
import { encodeFrame, type Frame } from './frame.ts'
import type { WorkerEnd } from './messages.ts'
import { hearFrames, settleBy, textOf } from './pool-reply.ts'
import { type Placing, placement } from './placement.ts'
import { waitingLine } from './waiting-line.ts'
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
  /** A worker that served one tenant is replaced before another tenant's call: nothing of the one is left in the process that serves the other. */
  perTenant?: boolean
}>

const MAX_WAITING = 64 // calls beyond it are refused at once: a long queue only turns into timeouts

type Job = {
  readonly operation: object
  readonly tenant: string | undefined
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
  const { promise: ready, resolve: firstReady } = Promise.withResolvers<void>()
  const places = placement<Job, Slot>(
    ({ operation, tenant }) => ({ ...options.placing?.(operation), ...(tenant !== undefined && { tenant }) }),
    performance.now.bind(performance),
  )
  const standing = () => [...slots.values()].filter((slot) => slot.ready && !slot.doomed)
  const free = () => standing().filter((slot) => slot.job === undefined)
  const alive = (id: number) => slots.get(id)?.doomed === false
  let stopped = false
  const doom = (slot: Slot) => {
    slot.doomed = true
    options.kill(slot.id)
  }
  const waiting = waitingLine<Job, Slot>({ places, free, alive, start, replace: doom })
  const release = (slot: Slot, job: Job) => {
    places.ended(job)
    slot.job = undefined
    options.onWork?.(job.operation, performance.now() - job.startedMs)
  }
  const finish = (slot: Slot, frame: Frame) => {
    const { job } = slot
    if (job === undefined || frame.id !== slot.call) return doom(slot) // an answer nobody asked for
    release(slot, job)
    slots.delete(slot.id) // and set again: in order of use
    slots.set(slot.id, slot)
    settleBy(job.settle, frame)
    waiting.next()
  }

  return {
    execute(operation: Cleared<object>, spend, stop, call) {
      assertCleared(operation)
      const tenant = options.perTenant === true ? tenantOf(call) : undefined
      return new Promise<Result>((resolve, reject) => {
        if (stop.aborted) return reject(cancelled())
        if (stopped) return reject(shuttingDown())
        if (waiting.length() >= MAX_WAITING)
          return reject(new Denial('busy', `${MAX_WAITING} calls are waiting already`))
        const end = (denial: Denial) => {
          waiting.leave(job)
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
          tenant,
          spend,
          settle: { resolve: settled(resolve), reject: settled(reject) },
          end,
          timer: setTimeout(() => end(noWorker(spend)), spend.deadlineMs),
          startedMs: 0,
        }
        stop.addEventListener('abort', onStop, { once: true })
        waiting.join(job)
      })
    },
    attach(id, socket) {
      const slot: Slot = { id, socket, ready: false, doomed: false, call: 0 }
      slots.set(id, slot)
      const deliver = (frame: Frame) => {
        if (slot.doomed) return
        if (frame.id !== 0) return finish(slot, frame)
        if (slot.ready) return doom(slot) // it says once that it is ready
        const head = frame.head as { ready?: true; failed?: unknown }
        if (head.failed !== undefined) return options.onFailed(textOf(head.failed, 'The worker gave no reason'))
        slot.ready = true
        firstReady()
        waiting.came()
      }
      hearFrames(socket, { maxBodyBytes: options.maxBodyBytes, deliver, broken: () => doom(slot) })
    },
    ended(id, end) {
      const slot = slots.get(id)
      slots.delete(id)
      slot?.socket.destroy()
      places.gone(id)
      if (slot?.job !== undefined) {
        const { job } = slot
        release(slot, job)
        job.settle.reject(lost(end))
      }
      waiting.next()
    },
    ready,
    load: () => ({ alive: standing().length, idle: free().length, waiting: waiting.length() }),
    stop() {
      stopped = true
      const working = [...slots.values()].flatMap(({ job }) => job ?? [])
      for (const job of [...waiting.all(), ...working]) job.end(shuttingDown())
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

// Whose call it is says the verified credential, by the pipeline. Without it no worker is the right one.
function tenantOf(call: Pick<CallContext, 'caller'> | undefined): string {
  if (call === undefined) throw new Denial('internal', 'A worker of one tenant needs to know whose call it is')
  return call.caller.tenant
}
