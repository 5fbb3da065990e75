// Proves that a timeline stays within its spans whatever the times are, and loses no call when spans are joined.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { addCall, callsOf } from './figures.ts'
import { MAX_SPANS, timeline } from './timeline.ts'

const AT = Date.UTC(2026, 4, 1)

const lineOf = (times: readonly number[]) => {
  const over = timeline()
  const [series, other] = [over.series(), over.series()]
  for (const [n, ms] of times.entries()) addCall(over.figuresAt(n % 2 === 0 ? series : other, ms), 'succeeded', 1)
  return { span: over.span(), series, other }
}
const sum = (series: ReturnType<ReturnType<typeof timeline>['series']>) =>
  [...series.values()].reduce((all, figures) => all + callsOf(figures), 0)

suite('timeline()', () => {
  test('without a call there is no span', () => assert.equal(timeline().span(), undefined))

  for (const [covered, widthMs] of [
    [0, 1_000],
    [119_999, 1_000],
    [120_000, 5_000],
    [3_600_000, 60_000],
    [86_400_000, 1_800_000],
    [7 * 86_400_000, 10_800_000],
    [365 * 86_400_000, 604_800_000],
    [7_900 * 365 * 86_400_000, 4_096 * 604_800_000],
  ] as const)
    test(`${covered} ms are covered by spans of ${widthMs} ms`, () => {
      assert.equal(lineOf([AT, AT + covered]).span?.widthMs, widthMs)
    })

  test('any times, in any order: at most 120 spans, every call in its own, in every series', () => {
    const times = fc.array(
      fc.oneof(
        fc.integer({ min: AT, max: AT + 100_000_000 }),
        fc.integer({ min: 0, max: 253_402_300_799_999 }),
        fc.constantFrom(0, 253_402_300_799_999),
      ),
      { minLength: 1, maxLength: 60 },
    )
    fc.assert(
      fc.property(times, (given) => {
        const { span, series, other } = lineOf(given)
        assert.ok(span !== undefined)
        assert.ok(span.last - span.first < MAX_SPANS)
        assert.equal(span.first, Math.floor(Math.min(...given) / span.widthMs))
        assert.equal(span.last, Math.floor(Math.max(...given) / span.widthMs))
        assert.deepEqual([sum(series), sum(other)], [Math.ceil(given.length / 2), Math.floor(given.length / 2)])
        const due = new Map<number, number>()
        for (const [n, ms] of given.entries())
          if (n % 2 === 0) due.set(Math.floor(ms / span.widthMs), (due.get(Math.floor(ms / span.widthMs)) ?? 0) + 1)
        assert.deepEqual(new Map([...series].map(([at, figures]) => [at, callsOf(figures)])), due)
      }),
    )
  })
})
