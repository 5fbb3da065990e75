// Proves the two sides of the limit: never one call too many, never one refused that the rate admits.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aCall, aCaller, aTool, fakeClock } from '@hardened-mcp/testkit'
import fc from 'fast-check'
import { cellOf, type Rate } from './gcra.ts'
import { localLedger } from './ledger.ts'
import { perMinute, rateLimit } from './rate-limit.ts'

type Rates = Readonly<Record<string, Rate>>

const boundsOf = (rates: Rates) => ({ rates: new Map(Object.entries(rates)), concurrent: new Map<string, number>() })

function limited(rates: Rates, clock = fakeClock(), ofTenants: Readonly<Record<string, Rates>> = {}) {
  const tenants = new Map(Object.entries(ofTenants).map(([name, own]) => [name, boundsOf(own)]))
  const current = () => ({ caller: boundsOf(rates), tenants })
  const guard = rateLimit({ current, ledger: localLedger(clock.now) })
  const ask = (tool = 'read_note', id = 'agent-1', tenant = 'acme') => {
    const decision = guard(aCall({ tool: aTool({ name: tool }), caller: aCaller([], id, tenant) }))
    assert.ok(!(decision instanceof Promise))
    return decision
  }
  const passes = (...who: Parameters<typeof ask>) => ask(...who).verdict === 'allow'
  const waitMs = (...who: Parameters<typeof ask>) => {
    const decision = ask(...who)
    return decision.verdict === 'deny' ? decision.detail?.retryAfterMs : 0
  }
  return { ask, passes, waitMs, clock }
}

suite('rateLimit()', () => {
  test('admits a full burst, then denies with the exact wait', () => {
    const { ask, passes } = limited({ read_note: { perMinute: 60, burst: 3 } })
    assert.deepEqual([passes(), passes(), passes()], [true, true, true])
    assert.deepEqual(ask(), {
      verdict: 'deny',
      code: 'rate_limited',
      reason: 'Rate limit of read_note reached',
      detail: { retryAfterMs: 1_000 },
    })
  })

  test('one millisecond before the wait is over it still denies, then it admits one', () => {
    const { passes, clock } = limited({ read_note: { perMinute: 60, burst: 2 } })
    passes()
    passes()
    clock.advance(999)
    assert.equal(passes(), false)
    clock.advance(1)
    assert.deepEqual([passes(), passes()], [true, false])
  })

  test('a refused call costs nothing', () => {
    const { passes, waitMs, clock } = limited({ read_note: { perMinute: 60, burst: 1 } })
    passes()
    for (let i = 0; i < 100; i++) assert.equal(passes(), false)
    assert.equal(waitMs(), 1_000)
    clock.advance(1_000)
    assert.equal(passes(), true)
  })

  test('a clock that is set back costs a caller one interval, not the hour', () => {
    const { passes, waitMs, clock } = limited({ read_note: { perMinute: 60, burst: 3 } })
    for (let i = 0; i < 3; i++) passes()
    clock.advance(-3_600_000)
    assert.equal(waitMs(), 1_000)
    clock.advance(1_000)
    assert.deepEqual([passes(), passes()], [true, false])
  })

  test('keeps callers, tenants and tools apart', () => {
    const rate = { perMinute: 60, burst: 1 }
    const { passes } = limited({ read_note: rate, list_notes: rate })
    assert.equal(passes('read_note', 'a', 'acme'), true)
    assert.equal(passes('read_note', 'a', 'acme'), false)
    assert.equal(passes('read_note', 'b', 'acme'), true)
    assert.equal(passes('read_note', 'a', 'other'), true)
    assert.equal(passes('list_notes', 'a', 'acme'), true)
  })

  test('"*" counts all calls of a caller together, beside the entry of the tool', () => {
    const { passes } = limited({ read_note: { perMinute: 60, burst: 1 }, '*': { perMinute: 60, burst: 2 } })
    assert.equal(passes('read_note'), true)
    assert.equal(passes('read_note'), false, 'by its own entry, which must not use up the common one')
    assert.equal(passes('list_notes'), true)
    assert.equal(passes('list_notes'), false, 'by the common entry')
  })

  test('what a tenant may do together holds over all of its callers, and for no other tenant', () => {
    const rate = { perMinute: 60, burst: 2 }
    const { passes } = limited({ '*': rate }, fakeClock(), { acme: { '*': { perMinute: 60, burst: 3 } } })
    assert.deepEqual([passes('a', '1'), passes('a', '1'), passes('a', '2')], [true, true, true])
    assert.equal(passes('a', '3'), false, 'the fourth of the tenant')
    assert.deepEqual([passes('a', '3', 'globex'), passes('a', '4', 'globex')], [true, true])
  })

  test('states the longest of two waits', () => {
    const { passes, waitMs } = limited({ read_note: { perMinute: 6, burst: 1 }, '*': { perMinute: 60, burst: 1 } })
    passes()
    assert.equal(waitMs(), 10_000)
  })

  test('property: in any window never more than burst + rate x time; a call that waits as told always passes', () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 20_000 })), {
      minLength: 1,
      maxLength: 120,
    })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6_000 }),
        fc.integer({ min: 1, max: 30 }),
        steps,
        (callsPerMinute, burst, gaps) => {
          const { waitMs, clock } = limited({ read_note: { perMinute: callsPerMinute, burst } })
          const admitted: number[] = []
          for (const gap of gaps) {
            clock.advance(gap)
            const wait = waitMs() ?? 0
            if (wait > 0) {
              assert.ok(Number.isSafeInteger(wait) && wait <= Math.ceil(60_000 / callsPerMinute))
              clock.advance(wait)
              assert.equal(waitMs(), 0, 'a call that waited as told')
            }
            admitted.push(clock.now())
          }
          const perMs = callsPerMinute / 60_000
          for (const [first, from] of admitted.entries())
            for (const [last, to] of admitted.entries())
              if (last >= first) assert.ok(last - first + 1 <= burst + perMs * (to - from) + 1e-6)
        },
      ),
    )
  })

  test('keeps a caller that is over its limit when the table is full, and lets idle ones go', () => {
    const { passes, clock } = limited({ read_note: { perMinute: 60, burst: 1 } })
    for (let i = 0; i < 9_999; i++) passes('read_note', `idle-${i}`)
    clock.advance(1_000)
    assert.equal(passes('read_note', 'busy'), true)
    assert.equal(passes('read_note', 'late'), true)
    assert.equal(passes('read_note', 'busy'), false)
  })

  const BAD: readonly (readonly [perMinute: number, burst: number])[] = [
    [0, 1],
    [0.99, 1],
    [-1, 1],
    [Number.NaN, 1],
    [Number.POSITIVE_INFINITY, 1],
    [60, 0],
    [60, 0.5],
    [60, Number.NaN],
    [60, Number.POSITIVE_INFINITY],
  ]
  for (const [calls, burst] of BAD)
    test(`refuses ${calls} per minute with a burst of ${burst} at start`, () =>
      assert.throws(() => cellOf('a tool', { perMinute: calls, burst }), RangeError))
})

suite('perMinute()', () => {
  for (const [calls, burst] of [
    [1, 1],
    [6, 1],
    [7, 2],
    [30, 5],
    [100, 17],
  ] as const)
    test(`${calls} calls per minute come with a burst of ${burst}`, () =>
      assert.deepEqual(perMinute(calls), { perMinute: calls, burst }))
})
