// Proves that a weakening needs a reason and an end, and ends.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { weaken } from './unsafe.ts'

const because = 'Legacy agent until its migration in March'
const at = (text: string) => Date.parse(text)

suite('weaken()', () => {
  test('returns what, why and until when, frozen', () => {
    const weakening = weaken('publicAddresses', { because, until: '2026-03-01' }, at('2026-02-01T00:00:00Z'))
    assert.deepEqual(weakening, { control: 'publicAddresses', because, until: '2026-03-01' })
    assert.ok(Object.isFrozen(weakening))
  })

  test('holds to the last millisecond of its last day (UTC), and not one longer', () => {
    const options = { because, until: '2026-03-01' }
    assert.ok(weaken('x', options, at('2026-03-01T23:59:59.999Z')))
    assert.throws(() => weaken('x', options, at('2026-03-02T00:00:00.000Z')), /expired on 2026-03-01/)
  })

  test('takes the leap day of a leap year', () => {
    assert.ok(weaken('x', { because, until: '2028-02-29' }, 0))
  })

  for (const until of [
    '',
    'never',
    '2026-3-1',
    '2026-03-01T00:00:00Z',
    '2026-13-01',
    '2026-02-31',
    '2026-02-29',
    '9999',
  ])
    test(`refuses ${until || 'an empty text'} as an end`, () =>
      assert.throws(() => weaken('x', { because, until }, 0), /end date YYYY-MM-DD/))

  for (const reason of ['', '         ', 'demo', ' too short '])
    test(`refuses "${reason}" as a reason`, () =>
      assert.throws(() => weaken('x', { because: reason, until: '2026-03-01' }, 0), /reason of at least 10/))
})
