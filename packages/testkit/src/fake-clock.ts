// A clock that moves only when a test says so.

export type FakeClock = Readonly<{ now: () => number; advance: (ms: number) => void; set: (ms: number) => void }>

export function fakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let nowMs = startMs
  return {
    now: () => nowMs,
    advance: (ms) => {
      nowMs += ms
    },
    set: (ms) => {
      nowMs = ms
    },
  }
}
