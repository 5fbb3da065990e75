// Proves that figures count each call once, that they add up, and that a percentile is a bound close to the true value.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import {
  addCall,
  addFigures,
  callsOf,
  countOf,
  longestOf,
  noFigures,
  OUTCOMES,
  outcomeOf,
  quantile,
  refusedOf,
} from './figures.ts'

const timed = (durations: readonly number[]) => {
  const figures = noFigures()
  for (const ms of durations) addCall(figures, 'succeeded', ms)
  return figures
}

suite('figures', () => {
  for (const [type, outcome] of [
    ['tool_call.success', 'succeeded'],
    ['tool_call.denied', 'denied'],
    ['tool_call.error', 'failed'],
    ['rate_limit.hit', 'limited'],
    ['tool_call.request', undefined],
    ['auth.failure', undefined],
    ['constructor', undefined],
  ] as const)
    test(`a record of type ${type} ends a call: ${outcome ?? 'no'}`, () => assert.equal(outcomeOf(type), outcome))

  test('counts by outcome; refusals do not shorten latencies, failures count', () => {
    const figures = noFigures()
    addCall(figures, 'succeeded', 40)
    addCall(figures, 'failed', 5_000)
    for (let n = 0; n < 98; n += 1) addCall(figures, n % 2 === 0 ? 'denied' : 'limited', 0)
    assert.deepEqual(
      OUTCOMES.map((outcome) => countOf(figures, outcome)),
      [1, 49, 1, 49],
    )
    assert.deepEqual([callsOf(figures), refusedOf(figures)], [100, 99])
    assert.deepEqual([quantile(figures, 0.5), quantile(figures, 1), longestOf(figures)], [48, 5_000, 5_000])
  })

  test('no timed call has no latency; a call of 0 ms has one', () => {
    const figures = noFigures()
    addCall(figures, 'succeeded', undefined)
    addCall(figures, 'denied', 7)
    assert.deepEqual([quantile(figures, 0.5), longestOf(figures)], [undefined, undefined])
    addCall(figures, 'succeeded', 0)
    assert.deepEqual([quantile(figures, 0.5), longestOf(figures)], [0, 0])
  })

  test('durations beyond all steps, up to the largest a record can hold', () => {
    const figures = timed([200_000, Number.MAX_SAFE_INTEGER])
    assert.deepEqual([quantile(figures, 0.5), longestOf(figures)], [2 ** 32 - 1, 2 ** 32 - 1])
  })

  test('a percentile is at least the true value, and at most half as much again', () => {
    const durations = fc.array(fc.integer({ min: 0, max: 98_304 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(durations, fc.constantFrom(0.01, 0.5, 0.95, 1), (given, q) => {
        const truth = given.toSorted((a, b) => a - b)[Math.ceil(q * given.length) - 1] as number
        const told = quantile(timed(given), q) as number
        assert.ok(told >= truth && told <= truth * 1.5, `${told} for ${truth}`)
      }),
    )
  })

  test('figures of two spans add up to those of both', () => {
    const durations = fc.array(fc.integer({ min: 0, max: 1_000_000 }))
    fc.assert(
      fc.property(durations, durations, (one, other) => {
        const sum = timed(one)
        addFigures(sum, timed(other))
        assert.deepEqual(sum, timed([...one, ...other]))
      }),
    )
  })
})
