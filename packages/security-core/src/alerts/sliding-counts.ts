// What the detector counts with: a bounded table of sliding windows, and a map that forgets what was used least recently.

const STEPS = 20 // a window moves on by a twentieth of its length

type Window = { step: number; readonly counts: Uint32Array }

/** Counts of `keys` over the last `windowMs`; a key that was not counted for longest makes room for a new one. */
export function slidingCounts(windowMs: number, most: number) {
  const stepMs = windowMs / STEPS
  const windows = recent<Window>(most)
  const moved = (window: Window, at: number): Window => {
    const step = Math.max(window.step, Math.floor(at / stepMs)) // a clock that was set back forgets nothing
    for (let gone = Math.max(window.step + 1, step - STEPS + 1); gone <= step; gone += 1)
      window.counts[gone % STEPS] = 0
    window.step = step
    return window
  }
  return {
    /** Counts one, and returns how many there are now. */
    add(key: string, at: number): number {
      const fresh = (): Window => ({ step: Math.floor(at / stepMs), counts: new Uint32Array(STEPS) })
      const window = moved(windows.use(key, fresh), at)
      const place = window.step % STEPS
      window.counts[place] = (window.counts[place] ?? 0) + 1
      return sumOf(window)
    },
    total(key: string, at: number): number {
      const window = windows.get(key)
      return window === undefined ? 0 : sumOf(moved(window, at))
    },
    forget: (key: string) => windows.forget(key),
  }
}

/** At most `most` values; using one keeps it, and the one whose use is longest ago makes room. */
export function recent<Value>(most: number) {
  const kept = new Map<string, Value>()
  return {
    get: (key: string) => kept.get(key),
    use(key: string, fresh: () => Value): Value {
      const value = kept.get(key) ?? fresh()
      kept.delete(key)
      kept.set(key, value)
      if (kept.size > most) for (const oldest of kept.keys()) return (kept.delete(oldest), value)
      return value
    },
    forget: (key: string) => void kept.delete(key),
  }
}

const sumOf = ({ counts }: Window) => counts.reduce((sum, count) => sum + count, 0)
