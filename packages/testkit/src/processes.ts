// Looks at real processes through /proc, so that a test can name, kill and miss them.
import { readFileSync } from 'node:fs'

/** Process ids of all descendants of `pid` that are alive now. */
export function descendants(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  return children.flatMap((child) => [child, ...descendants(child)])
}

export const commandLine = (pid: number) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')

/** Neither gone nor a zombie that only waits for its parent. */
export function isAlive(pid: number): boolean {
  const state = /^State:\s+(\w)/m.exec(read(`/proc/${pid}/status`))?.[1]
  return state !== undefined && state !== 'Z' && state !== 'X'
}

/** Resolves with those still alive when none is, or when `patienceMs` is over: an orphan that still loads its code (3 s) goes after that. */
export async function survivors(pids: readonly number[], patienceMs = 30_000): Promise<number[]> {
  const endMs = Date.now() + patienceMs
  while (Date.now() < endMs && pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20))
  return pids.filter(isAlive)
}

/** Resident memory in MiB; 0 when the process has just ended. */
export const residentMb = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
