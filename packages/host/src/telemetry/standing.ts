// How a running server stands, put together from its parts: for figures, and for whoever asks whether it is ready.
import type { AuditTrail } from '../audit/file-sink.ts'
import type { LivePolicy } from '../policy/live-policy.ts'
import type { WorkerEnd } from '../sandbox/messages.ts'
import type { WorkerPool } from '../sandbox/worker-pool.ts'
import type { Serving } from '../serve.ts'
import type { Standing } from './readings.ts'

/** Counts the workers that came and went. */
export type Workforce = Readonly<{ started(): void; ended(end: WorkerEnd): void; count(): Counted }>
type Counted = Readonly<{ started: number; ended: Readonly<Record<WorkerEnd, number>> }>

export function workforce(): Workforce {
  let started = 0
  const ended = { killed: 0, memory: 0, crashed: 0 }
  return {
    started: () => void (started += 1),
    ended: (end) => void (ended[end] += 1),
    count: () => ({ started, ended }),
  }
}

export function standing(from: {
  workers: Pick<WorkerPool, 'load'>
  came: Workforce
  audit: Pick<AuditTrail, 'load' | 'head' | 'healthy'>
  live: Pick<LivePolicy, 'current' | 'trouble'>
  /** `undefined` before the first call can come in, and from the moment the server was told to stop. */
  serving: Pick<Serving, 'keySets' | 'knowsCallers'> | undefined
}): Standing {
  const { audit, live, serving } = from
  const { started, ended } = from.came.count()
  const workers = { ...from.workers.load(), started }
  const { queued, lagMs, low, freeBytes } = audit.load()
  const healthy = audit.healthy()
  const wrong: readonly (readonly [word: string, holds: boolean])[] = [
    ['audit', !healthy && !low],
    ['disk', low],
    ['workers', workers.alive === 0],
    ['keys', serving?.knowsCallers() === false],
    ['stopping', serving === undefined],
  ]
  return {
    workers,
    ended,
    audit: { records: (audit.head()?.seq ?? -1) + 1, queued, lagMs, healthy, freeBytes },
    policy: { id: live.current().id, inForce: live.trouble() === undefined },
    keySets: serving?.keySets() ?? [],
    notReady: wrong.flatMap(([word, holds]) => (holds ? [word] : [])),
  }
}
