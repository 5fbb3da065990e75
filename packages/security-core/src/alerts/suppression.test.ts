// A thousand firings are told a few times, none goes uncounted, and no rule can hold back another.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fakeClock } from '@hardened-mcp/testkit'
import type { Alert } from './alert.ts'
import { suppression } from './suppression.ts'

const alert = (rule: string, caller = 'k_1', tenant = 'acme'): Alert => ({
  ...{ rule, severity: 'warning', at: 0, says: 'it fired' },
  ...{ tenant, caller },
})

suite('suppression()', () => {
  test('tells the same alert once in ten minutes, and then how many were held', () => {
    const clock = fakeClock()
    const { admit } = suppression(clock.now)
    assert.deepEqual(admit(alert('tainted')), alert('tainted'))
    for (let i = 0; i < 999; i += 1) assert.equal(admit(alert('tainted')), undefined)
    clock.advance(599_999)
    assert.equal(admit(alert('tainted')), undefined)
    clock.advance(1)
    assert.deepEqual(admit(alert('tainted')), { ...alert('tainted'), held: 1_000 })
    assert.equal(admit(alert('tainted')), undefined)
  })

  test('another caller, tenant or rule is told at once', () => {
    const { admit } = suppression(fakeClock().now)
    for (const each of [alert('a'), alert('a', 'k_2'), alert('a', 'k_1', 'beta'), alert('b')])
      assert.notEqual(admit(each), undefined)
  })

  test('a thousand callers are told twenty times, and the rest at the end in one', () => {
    const clock = fakeClock()
    const { admit, due } = suppression(clock.now)
    const told = Array.from({ length: 1_000 }, (_, i) => admit(alert('denial_burst', `k_${i}`))).filter(Boolean)
    assert.equal(told.length, 20)
    assert.notEqual(admit(alert('canary_value', 'k_7')), undefined, 'another rule has room of its own')
    assert.deepEqual(due(), [])
    clock.advance(600_000)
    const [summary, ...more] = due()
    assert.deepEqual(more, [])
    assert.equal(summary?.says, '980 more alerts of this rule were held back')
    assert.deepEqual(due(), [], 'it is said once')
  })

  test('a clock that is set back holds nothing back for ever', () => {
    const clock = fakeClock()
    const { admit } = suppression(clock.now)
    admit(alert('tainted'))
    clock.advance(-86_400_000)
    assert.notEqual(admit(alert('tainted')), undefined)
  })
})
