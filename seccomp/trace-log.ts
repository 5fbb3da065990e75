// What the recordings share: how strace is started, how long is waited, and what is read from its log.
import { setTimeout as delay } from 'node:timers/promises'

export const STRACE = ['-f', '-qq', '-e', 'signal=none']
export const START_MS = 60_000 // strace makes a start several times slower
export const EXIT_MS = 15_000

// What an argument filter looks at, as strace writes it.
const ARGUMENTS: Readonly<Record<string, RegExp>> = {
  clone: /flags=([A-Z_|]+)/,
  clone3: /flags=([A-Z_|]+)/,
  socket: /^(AF_\w+, SOCK_[A-Z_|]+, \w+)/,
  socketpair: /^(AF_\w+, SOCK_[A-Z_|]+)/,
  ioctl: /^\d+, (\w+)/,
  prctl: /^(\w+)/,
  prlimit64: /^(.*), (?:\{|NULL)/,
}

export async function until<Value>(limitMs: number, look: () => Value | undefined, said: () => string): Promise<Value> {
  for (const end = Date.now() + limitMs; Date.now() < end; await delay(50)) {
    const value = look()
    if (value !== undefined) return value
  }
  throw new Error(`Nothing came within ${limitMs} ms: ${said().slice(-500)}`)
}

export function summary(log: string): { calls: string[]; arguments: Record<string, string[]> } {
  const calls = new Set<string>()
  const seen: Record<string, Set<string>> = {}
  for (const [, name = '', rest = ''] of log.matchAll(/^\d+ +([a-z_0-9]+)\((.*)$/gm)) {
    calls.add(name)
    const argument = ARGUMENTS[name]?.exec(rest)?.[1]
    if (argument !== undefined) (seen[name] ??= new Set()).add(argument)
  }
  return {
    calls: [...calls].sort(),
    arguments: Object.fromEntries(Object.keys(ARGUMENTS).map((name) => [name, [...(seen[name] ?? [])].sort()])),
  }
}
