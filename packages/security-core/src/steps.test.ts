// Proves that long work rests, that short work does not, and that a rest changes nothing.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { atOnce, type Steps, UNITS_BETWEEN_PAUSES, withPauses } from './steps.ts'

function* counting(steps: number, units: number): Steps<number> {
  for (let step = 0; step < steps; step++) yield units
  return steps
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

suite('withPauses()', () => {
  const rests = async (steps: number, units: number) => {
    let pauses = 0
    const result = await withPauses(counting(steps, units), async () => {
      pauses += 1
    })
    assert.equal(result, atOnce(counting(steps, units)))
    return pauses
  }

  test('rests whenever so many units were gone over', async () => {
    assert.equal(await rests(1, UNITS_BETWEEN_PAUSES - 1), 0)
    assert.equal(await rests(1, UNITS_BETWEEN_PAUSES), 1)
    assert.equal(await rests(10, UNITS_BETWEEN_PAUSES / 2), 5)
    assert.equal(await rests(3, 10 * UNITS_BETWEEN_PAUSES), 3)
  })

  test('lets others work meanwhile', async () => {
    let turns = 0
    let isOver = false
    const other = () => {
      turns += 1
      if (!isOver) setImmediate(other)
    }
    setImmediate(other)
    await withPauses(counting(20, UNITS_BETWEEN_PAUSES), nextTurn)
    isOver = true
    assert.ok(turns >= 19, `${turns} turns`)
  })

  test('passes on what the work throws', async () => {
    function* failing(): Steps<never> {
      yield UNITS_BETWEEN_PAUSES
      throw new RangeError('no')
    }
    await assert.rejects(withPauses(failing(), nextTurn), RangeError)
    assert.throws(() => atOnce(failing()), RangeError)
  })
})
