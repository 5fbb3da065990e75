// Labels kept in one process: enough for one server by itself, and the measure that shared stores are tested against.
import type { Label } from '../types.ts'
import type { Carrier, TaintStore } from './taint.ts'

const MOST_CALLERS = 100_000

/** Keeps labels for `windowMs` after the last read that carried them. When it is full of live ones, it refuses more. */
export function memoryTaint(options: { windowMs: number; now: () => number; most?: number }): TaintStore {
  const { windowMs, now, most = MOST_CALLERS } = options
  const kept = new Map<string, { privateUntil: number; untrustedUntil: number }>()
  return { read: async (who) => labelAt(kept.get(keyOf(who)), now()), join: joinKept }

  async function joinKept(who: Carrier, label: Label): Promise<Label> {
    const at = now()
    const key = keyOf(who)
    if (kept.size >= most && !kept.has(key)) dropExpired(at)
    if (kept.size >= most && !kept.has(key)) throw new RangeError('The store of labels is full')
    const { privateUntil = 0, untrustedUntil = 0 } = kept.get(key) ?? {}
    const until = at + windowMs
    const next = {
      privateUntil: label.secrecy === 'private' ? Math.max(until, privateUntil) : privateUntil,
      untrustedUntil: label.integrity === 'untrusted' ? Math.max(until, untrustedUntil) : untrustedUntil,
    }
    kept.set(key, next)
    return labelAt(next, at)
  }

  function dropExpired(at: number): void {
    for (const [key, { privateUntil, untrustedUntil }] of kept)
      if (Math.max(privateUntil, untrustedUntil) < at) kept.delete(key)
  }
}

const labelAt = (kept: { privateUntil: number; untrustedUntil: number } | undefined, at: number): Label => ({
  integrity: kept !== undefined && at <= kept.untrustedUntil ? 'untrusted' : 'trusted',
  secrecy: kept !== undefined && at <= kept.privateUntil ? 'private' : 'public',
})

const keyOf = ({ tenant, id }: Carrier) => JSON.stringify([tenant, id])
