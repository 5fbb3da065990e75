// What supervisor and front say to each other over Node's IPC channel. No untrusted bytes cross it.
import type { FrontConfig } from '../config.ts'

/** Why a worker is gone. `killed`: the front asked for it. `memory`: it went over its budget. `crashed`: anything else. */
export type WorkerEnd = 'killed' | 'memory' | 'crashed'

export type ToFront =
  | { type: 'config'; config: FrontConfig }
  /** Comes with the front's end of the worker's socket pair as handle. */
  | { type: 'worker'; worker: number }
  | { type: 'ended'; worker: number; end: WorkerEnd }
  | { type: 'drain' }

export type ToSupervisor =
  | { type: 'kill'; worker: number }
  /** The front serves; `url` when it listens on HTTP. */
  | { type: 'serving'; url?: string }
  /** Start-up failed for a reason the operator can mend. */
  | { type: 'misconfigured'; line: string }
