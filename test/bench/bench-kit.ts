// What every benchmark needs: many calls with some in flight, their percentiles, and ratios of two series taken in turns.
import { readFileSync } from 'node:fs'

export type Series = Readonly<{ p50Ms: number; p99Ms: number; perSecond: number }>

/** Runs `total` calls with `inFlight` at a time. The first tenth warms up and is not counted. */
export async function measure(call: () => Promise<unknown>, total: number, inFlight: number): Promise<Series> {
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
  const from = performance.now()
  await Promise.all(Array.from({ length: inFlight }, runner))
  const seconds = (performance.now() - from) / 1000
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { p50Ms: at(0.5), p99Ms: at(0.99), perSecond: times.length / seconds }
}

/** Measures two sides in turns, so that a busy machine slows both, and keeps the better round of each. */
export async function pair(
  ours: () => Promise<unknown>,
  theirs: () => Promise<unknown>,
  options: Readonly<{ total: number; inFlight: number; rounds: number }>,
): Promise<Readonly<{ ours: Series; theirs: Series }>> {
  const best = (one: Series | undefined, other: Series) => (one === undefined || other.p50Ms < one.p50Ms ? other : one)
  let left: Series | undefined
  let right: Series | undefined
  for (let round = 0; round < options.rounds; round += 1) {
    left = best(left, await measure(ours, options.total, options.inFlight))
    right = best(right, await measure(theirs, options.total, options.inFlight))
  }
  if (left === undefined || right === undefined) throw new RangeError('Rounds must be at least 1')
  return { ours: left, theirs: right }
}

const TICKS_PER_SECOND = 100 // USER_HZ, the same on every Linux

/** CPU milliseconds that a process and its living descendants have used so far. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const own = ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return children === '' ? own : own + children.split(' ').reduce((sum, child) => sum + cpuMs(Number(child)), 0)
}

const shown = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(0))

export const header =
  '| case | p50 ms | p99 ms | calls/s | bare p50 | bare p99 | bare calls/s | p50 ratio | CPU ms/call |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |'

export function line(name: string, { ours, theirs }: Readonly<{ ours: Series; theirs: Series }>, cpu: number): string {
  const cells = [ours.p50Ms, ours.p99Ms, ours.perSecond, theirs.p50Ms, theirs.p99Ms, theirs.perSecond].map(shown)
  return `| ${name} | ${cells.join(' | ')} | ${shown(ours.p50Ms / theirs.p50Ms)} | ${shown(cpu)} |`
}
