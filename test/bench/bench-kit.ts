// What every benchmark needs: many calls with some in flight, percentiles and CPU time, and ratios of sides that are measured in turns.
import { readFileSync } from 'node:fs'

/** `cpuMs` is of all processes of the side, for each call. */
export type Series = Readonly<{ p50Ms: number; p99Ms: number; perSecond: number; cpuMs: number }>

/** One of the servers that are compared: how it is called, and the CPU milliseconds that its processes have used so far. */
export type Side = Readonly<{ name: string; cpu: () => number; call: () => Promise<unknown> }>

/** Runs `total` calls with `inFlight` at a time. A tenth of them more comes first, warms up and is not counted. */
export async function measure({ cpu, call }: Side, total: number, inFlight: number): Promise<Series> {
  const times: number[] = []
  let started = 0
  const runner = async (): Promise<void> => {
    while (started < total) {
      started += 1
      const from = performance.now()
      await call()
      times.push(performance.now() - from)
    }
  }
  const warm = Math.ceil(total / 10)
  for (let n = 0; n < warm; n += 1) await call()
  const cpuBefore = cpu()
  const from = performance.now()
  await Promise.all(Array.from({ length: inFlight }, runner))
  const seconds = (performance.now() - from) / 1000
  const cpuMs = (cpu() - cpuBefore) / total
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { p50Ms: at(0.5), p99Ms: at(0.99), perSecond: times.length / seconds, cpuMs }
}

/** Measures the sides in turns, so that a busy machine slows all, and keeps each figure of the round where it was best. */
export async function inTurns(
  sides: readonly Side[],
  options: Readonly<{ total: number; inFlight: number; rounds: number }>,
): Promise<readonly Series[]> {
  const all: Series[][] = sides.map(() => [])
  for (let round = 0; round < options.rounds; round += 1)
    for (const [index, side] of sides.entries()) all[index]?.push(await measure(side, options.total, options.inFlight))
  return all.map(best)
}

const best = (rounds: readonly Series[]): Series => ({
  p50Ms: Math.min(...rounds.map(({ p50Ms }) => p50Ms)),
  p99Ms: Math.min(...rounds.map(({ p99Ms }) => p99Ms)),
  perSecond: Math.max(...rounds.map(({ perSecond }) => perSecond)),
  cpuMs: Math.min(...rounds.map((round) => round.cpuMs)),
})

const TICKS_PER_SECOND = 100 // USER_HZ, the same on every Linux

/** Tells the CPU milliseconds that a process and its living descendants have used so far, in steps of 10. */
export const cpuOfTree = (pid: number) => () => cpuMs(pid)

function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const own = ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return children === '' ? own : own + children.split(' ').reduce((sum, child) => sum + cpuMs(Number(child)), 0)
}

const shown = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(0))

/** The head of a table in Markdown: our own figures, then for each of `others` ours as a multiple of theirs. */
export function header(others: readonly string[]): string {
  const ratios = others.flatMap((name) => ['p50', 'p99', 'CPU'].map((figure) => `${figure} ÷ ${name}`))
  const cells = ['case', 'p50 ms', 'p99 ms', 'calls/s', 'CPU ms/call', ...ratios]
  return `| ${cells.join(' | ')} |\n| --- |${' ---: |'.repeat(cells.length - 1)}`
}

/** One row for that head; the first series is ours. */
export function line(name: string, [ours, ...others]: readonly Series[]): string {
  if (ours === undefined) throw new RangeError('There must be at least one series')
  const ratios = others.flatMap((their) => [
    ours.p50Ms / their.p50Ms,
    ours.p99Ms / their.p99Ms,
    ours.cpuMs / their.cpuMs,
  ])
  const cells = [ours.p50Ms, ours.p99Ms, ours.perSecond, ours.cpuMs, ...ratios].map(shown)
  return `| ${name} | ${cells.join(' | ')} |`
}
