// Proves that `must` passes on one value only.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { allow, type Decision, deny, must } from './decision.ts'
import { Denial } from './denial.ts'

suite('must()', () => {
  test('returns when the verdict is exactly allow', () => {
    assert.equal(must(allow()), undefined)
  })

  test('throws the refusal with its code, its reason and what it says', () => {
    const refusal = deny('rate_limited', 'caller a over 30 per minute', { retryAfterMs: 250, says: 'Wait a moment' })
    assert.throws(
      () => must(refusal),
      (thrown) => {
        assert.ok(thrown instanceof Denial)
        const { code, message, says, retryAfterMs } = thrown
        assert.deepEqual(
          { code, message, says, retryAfterMs },
          { code: 'rate_limited', message: 'caller a over 30 per minute', says: 'Wait a moment', retryAfterMs: 250 },
        )
        return true
      },
    )
  })

  test('property: every value without the verdict allow ends the call', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        fc.pre((value as { verdict?: unknown } | null | undefined)?.verdict !== 'allow')
        assert.throws(() => must(value as Decision), Denial)
      }),
    )
  })
})

suite('allow() and deny()', () => {
  test('decisions cannot be turned around', () => {
    for (const decision of [allow(), deny('internal', 'x')]) {
      assert.ok(Object.isFrozen(decision))
      assert.throws(() => Object.assign(decision, { verdict: 'allow', code: undefined }), TypeError)
    }
  })
})
