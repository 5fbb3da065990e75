// Question: who ends a worker whose own thread cannot hear any more?
// Threat:   SQLite, a regex or a parser that takes all memory, or that runs on when the supervisor was killed.
// Rule:     while a call runs, a second thread looks every 10 ms: over the memory budget, or orphaned, the process dies at once.
// Limits:   it shares the process: native code under an attacker's control can stop it. The container's limits hold then.
// Proof:    worker-pool.test.ts, test/e2e/kill.test.ts
import { Worker } from 'node:worker_threads'

const LOOK_EVERY_MS = 10 // SQLite can take about 1 MB in a millisecond
const MIB = 1024 * 1024

/** The signal a worker dies of when it went over its memory budget. Its default action ends the process, and Node leaves it alone. */
export const OVER_MEMORY_SIGNAL = 'SIGUSR2'

export type Watchdog = Readonly<{ start(): void; end(): void }>

/** Starts the thread. `memoryMb`: how many MiB the process may grow beyond what it holds now. */
export function watchdog(memoryMb: number): Watchdog {
  const cells = new Int32Array(new SharedArrayBuffer(8))
  const limit = process.memoryUsage.rss() + memoryMb * MIB
  new Worker(THREAD, {
    eval: true,
    env: {},
    workerData: { cells, limit, parent: process.ppid },
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
  }).unref()
  return {
    start() {
      Atomics.store(cells, BUSY, 1)
      Atomics.notify(cells, BUSY) // wakes nobody while the thread sleeps between two looks
    },
    end: () => void Atomics.store(cells, BUSY, 0), // the thread finds out by itself at its next look
  }
}

const BUSY = 0 // 1 while a call runs
const NEVER = 1 // nobody writes it: waiting there is sleeping

// Runs outside of the module graph: a thread of its own, without permission to do more than look and kill. It sleeps before it
// looks, so that a call of a millisecond, of which there may be thousands a second, wakes nobody and reads nothing from /proc.
const THREAD = `
const { cells, limit, parent } = require('node:worker_threads').workerData
for (;;) {
  Atomics.wait(cells, ${BUSY}, 0)
  Atomics.wait(cells, ${NEVER}, 0, ${LOOK_EVERY_MS})
  if (Atomics.load(cells, ${BUSY}) === 0) continue
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
  if (process.memoryUsage.rss() > limit) process.kill(process.pid, '${OVER_MEMORY_SIGNAL}')
}`
