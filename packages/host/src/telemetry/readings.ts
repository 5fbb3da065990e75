// The figures that are read when somebody asks: workers, queues, audit trail, keys, policy, the process itself.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { WorkerEnd } from '../sandbox/messages.ts'

/** How things stand now. Ages in milliseconds, of a clock that nobody sets. */
export type Standing = Readonly<{
  workers: Readonly<{ alive: number; idle: number; waiting: number; started: number }>
  ended: Readonly<Record<WorkerEnd, number>>
  audit: Readonly<{ records: number; queued: number; lagMs: number; healthy: boolean; freeBytes?: number | undefined }>
  policy: Readonly<{ id: string; inForce: boolean }>
  keySets: readonly Readonly<{ issuer: string; ageMs?: number }>[]
  notReady: readonly string[]
}>

/** One series: its labels, and its value. */
type Series = readonly [labels: Readonly<Record<string, string>>, value: number]
export type Reading = Readonly<{
  name: string
  help: string
  type: 'gauge' | 'counter'
  labels: readonly string[]
  read(now: Standing): readonly Series[]
}>

const one = (value: number): readonly Series[] => [[{}, value]]
const flag = (holds: boolean) => one(holds ? 1 : 0)
const by = (label: string, values: Readonly<Record<string, number>>): readonly Series[] =>
  Object.entries(values).map(([name, value]) => [{ [label]: name }, value])

const NS_PER_SECOND = 1e9
const LOOP_RESOLUTION_MS = 50

/** The table; one timer of 50 ms runs from here on. */
export function readings(): readonly Reading[] {
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
  loop.enable()
  const row = (
    name: string,
    help: string,
    read: Reading['read'],
    more: Partial<Pick<Reading, 'type' | 'labels'>> = {},
  ): Reading => ({ name: `hardened_mcp_${name}`, help, type: 'gauge', labels: [], read, ...more })
  const counted = { type: 'counter' } as const
  return [
    row('ready', 'Whether calls can be answered now, as /readyz says it', ({ notReady }) =>
      flag(notReady.length === 0),
    ),
    row('workers', 'Worker processes', ({ workers: { alive, idle } }) => by('state', { alive, idle }), {
      labels: ['state'],
    }),
    row('workers_started_total', 'Worker processes ever started', ({ workers }) => one(workers.started), counted),
    row('workers_ended_total', 'Worker processes that ended, by why', ({ ended }) => by('end', ended), {
      ...counted,
      labels: ['end'],
    }),
    row(
      'queue_length',
      'What waits for a free worker, and for the disk of the audit trail',
      ({ workers, audit }) => by('queue', { worker: workers.waiting, audit: audit.queued }),
      { labels: ['queue'] },
    ),
    row('audit_records_total', 'Durable records of this trail', ({ audit }) => one(audit.records), counted),
    row('audit_healthy', 'Whether a record would be taken now', ({ audit }) => flag(audit.healthy)),
    row('audit_lag_seconds', 'Age of the oldest record that is not durable yet', ({ audit }) =>
      one(audit.lagMs / 1000),
    ),
    row('audit_free_bytes', 'Free space of the disk of the audit trail', ({ audit }) =>
      audit.freeBytes === undefined ? [] : one(audit.freeBytes),
    ),
    row('policy_info', 'The policy in force, by its digest', ({ policy }) => [[{ policy: policy.id }, 1]], {
      labels: ['policy'],
    }),
    row('policy_in_force', 'Whether the policy file is what is in force', ({ policy }) => flag(policy.inForce)),
    row(
      'key_set_age_seconds',
      'Age of the keys of an issuer; absent while there are none',
      ({ keySets }) =>
        keySets.flatMap(({ issuer, ageMs }) => (ageMs === undefined ? [] : [[{ issuer }, ageMs / 1000] as const])),
      { labels: ['issuer'] },
    ),
    row(
      'event_loop_delay_seconds',
      'How late the event loop was since it was last asked',
      () => {
        const values = { p50: loop.percentile(50), p99: loop.percentile(99), max: loop.max }
        loop.reset()
        return Object.entries(values).map(([at, ns]) => [{ at }, Math.max(0, ns / NS_PER_SECOND)])
      },
      { labels: ['at'] },
    ),
    {
      ...row('', 'CPU time of the front process', cpuSeconds, counted),
      name: 'process_cpu_seconds_total',
    },
    {
      ...row('', 'Resident memory of the front process', () => one(process.memoryUsage.rss())),
      name: 'process_resident_memory_bytes',
    },
    {
      ...row('', 'When the front process started, in seconds since 1970', () => one(performance.timeOrigin / 1000)),
      name: 'process_start_time_seconds',
    },
  ]
}

function cpuSeconds(): readonly Series[] {
  const { user, system } = process.cpuUsage()
  return one((user + system) / 1e6)
}
