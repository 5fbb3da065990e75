// What the counts themselves promise: all or nothing, exact at their ends, and nothing of one key lost to a flood of others.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fakeClock } from '@hardened-mcp/testkit'
import { type Entry, type Ledger, localLedger, type Taken } from './ledger.ts'

const HOUR_MS = 3_600_000
const MANY = 10_001 // one more than are kept of a kind
const slot = (key: string, id: string, most = 1): Entry => ({ kind: 'slot', key, most, id, forMs: HOUR_MS })
const budget = (key: string, amount: number, most = 100): Entry & { kind: 'budget' } => ({
  ...{ kind: 'budget', key, most, amount, windowMs: HOUR_MS },
})
const host = (key: string, member: string, most = 2): Entry => ({
  ...{ kind: 'distinct', key, most, member, windowMs: HOUR_MS },
})

function counted() {
  const clock = fakeClock()
  const ledger: Ledger = localLedger(clock.now)
  const take = (...entries: Entry[]) => ledger.take(entries) as Taken
  return { clock, take, fits: (...entries: Entry[]) => take(...entries).ok, give: ledger.give }
}

suite('localLedger()', () => {
  test('a call that one entry refuses takes none of the others', () => {
    const { fits } = counted()
    assert.equal(fits(slot('b', '1')), true)
    assert.equal(fits(slot('a', '2'), budget('a', 60), host('a', 'x', 1), slot('b', '2')), false)
    assert.equal(fits(slot('a', '3'), budget('a', 100), host('a', 'y', 1)), true)
  })

  test('names the entry that stands in the way longest; without a wait where waiting is no promise', () => {
    const { take } = counted()
    take(budget('a', 100), budget('b', 100), slot('c', '1'))
    assert.deepEqual(take(budget('a', 10), budget('b', 50), slot('c', '2')), {
      ok: false,
      entry: 1,
      waitMs: HOUR_MS / 2,
    })
    assert.deepEqual(take(slot('c', '2')), { ok: false, entry: 0, waitMs: 0 })
    assert.deepEqual(take(budget('d', 101)), { ok: false, entry: 0, waitMs: 0 }, 'it never fits')
  })

  test('what is given back twice, or never was taken, is no credit', () => {
    const { fits, give } = counted()
    fits(budget('a', 50))
    for (let again = 0; again < 3; again++) void give([budget('a', 50)])
    assert.equal(fits(budget('a', 100)), true)
    assert.equal(fits(budget('a', 1)), false)
    void give([slot('b', 'nobody'), slot('b', '1')])
    assert.deepEqual([fits(slot('b', '1')), fits(slot('b', '2'))], [true, false])
  })

  test('a place that was given back is free, and a host that is known is open when no other is', () => {
    const { fits, give } = counted()
    assert.deepEqual([fits(slot('a', '1')), fits(slot('a', '2'))], [true, false])
    void give([slot('a', '1')])
    assert.equal(fits(slot('a', '2')), true)
    const asked = ['x', 'y', 'z', 'x'].map((member) => fits(host('a', member)))
    assert.deepEqual(asked, [true, true, false, true])
  })

  test('a counter that goes back refills nothing and takes nothing away', () => {
    const { fits, clock } = counted()
    assert.equal(fits(budget('a', 90)), true)
    clock.advance(-HOUR_MS)
    assert.deepEqual([fits(budget('a', 10)), fits(budget('a', 1))], [true, false])
    clock.advance(HOUR_MS / 100)
    assert.equal(fits(budget('a', 1)), true)
  })

  test('a flood of other names leaves places, budgets and hosts as they are, and what is over is forgotten', () => {
    const { fits, clock } = counted()
    assert.equal(fits(slot('mine', '1'), budget('mine', 100), host('mine', 'x', 1)), true)
    for (let n = 0; n < MANY; n++) fits(slot(`s${n}`, '1'), budget(`b${n}`, 100), host(`h${n}`, 'x'))
    for (const each of [slot('mine', '2'), budget('mine', 1), host('mine', 'y', 1)])
      assert.equal(fits(each), false, each.kind)
    clock.advance(HOUR_MS)
    for (const each of [slot('mine', '2'), budget('mine', 100), host('mine', 'y', 1)])
      assert.equal(fits(each), true, each.kind)
  })
})
