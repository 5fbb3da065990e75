// Proves that working time is counted per tenant as it was spent, that the wait is exact, and that idle tenants never wait.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { aCall, aCaller } from '@hardened-mcp/testkit'
import { workTime } from './work-time.ts'

function metered(secondsPerMinute: number) {
  let nowMs = 1_000_000
  const { guard, spent } = workTime({ secondsPerMinute, now: () => nowMs })
  const waitMs = (tenant = 'acme') => {
    const decision = guard(aCall({ caller: aCaller([], 'agent', tenant) }))
    assert.ok(!(decision instanceof Promise))
    return decision.verdict === 'allow' ? 0 : (decision.detail?.retryAfterMs ?? Number.NaN)
  }
  return { waitMs, spent, pass: (ms: number) => void (nowMs += ms) }
}

suite('workTime()', () => {
  test('passes calls while something is left, then says exactly how long to wait', () => {
    const { waitMs, spent, pass } = metered(30)
    spent('acme', 29_999)
    assert.equal(waitMs(), 0)
    spent('acme', 10_001) // overdrawn by ten seconds of work, which half of the time pays back
    assert.equal(waitMs(), 20_001)
    pass(20_000)
    assert.ok(waitMs() > 0)
    pass(1)
    assert.equal(waitMs(), 0)
  })

  test('counts each tenant on its own, and fills no bucket beyond a minute', () => {
    const { waitMs, spent, pass } = metered(10)
    spent('acme', 10_000)
    assert.ok(waitMs('acme') > 0)
    assert.equal(waitMs('other'), 0)
    pass(3_600_000)
    spent('acme', 10_000)
    assert.ok(waitMs('acme') > 0, 'an idle hour is worth one minute')
  })

  test('is neither emptied nor filled by a clock that is set back', () => {
    const { waitMs, spent, pass } = metered(60)
    spent('acme', 60_500)
    const before = waitMs()
    pass(-3_600_000)
    assert.equal(waitMs(), before)
  })

  test('never admits more work than the bucket, the rate and the last call', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.array(fc.record({ gapMs: fc.integer({ min: 0, max: 5_000 }), workMs: fc.integer({ min: 1, max: 10_000 }) })),
        (secondsPerMinute, calls) => {
          const { waitMs, spent, pass } = metered(secondsPerMinute)
          let elapsedMs = 0
          let workedMs = 0
          for (const { gapMs, workMs } of calls) {
            pass(gapMs)
            elapsedMs += gapMs
            if (waitMs() > 0) continue
            spent('acme', workMs)
            workedMs += workMs
          }
          assert.ok(workedMs <= secondsPerMinute * 1000 + (elapsedMs * secondsPerMinute) / 60 + 10_000)
        },
      ),
    )
  })

  test('refuses an allowance that is none', () => {
    for (const secondsPerMinute of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      assert.throws(() => workTime({ secondsPerMinute, now: Date.now }), RangeError)
  })
})
