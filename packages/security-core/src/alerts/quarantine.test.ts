// Who is in quarantine waits exactly as long as said; nobody else waits, whatever anybody does.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aCall, aCaller, fakeClock } from '@hardened-mcp/testkit'
import { quarantine } from './quarantine.ts'

const FOR_MS = 900_000
const call = (id = 'agent-1', tenant = 'acme') => aCall({ caller: aCaller([], id, tenant) })
const set = (most?: number) => {
  const clock = fakeClock()
  return { clock, held: quarantine({ forMs: FOR_MS, elapsed: clock.now, ...(most === undefined ? {} : { most }) }) }
}

suite('quarantine()', () => {
  test('refuses until the time is over, with the exact wait', async () => {
    const { clock, held } = set()
    assert.equal((await held.guard(call())).verdict, 'allow')
    held.impose({ tenant: 'acme', id: 'agent-1' }, '10 calls were refused')
    clock.advance(FOR_MS - 1)
    assert.deepEqual(await held.guard(call()), {
      ...{ verdict: 'deny', code: 'quarantined', reason: 'In quarantine: 10 calls were refused' },
      detail: { retryAfterMs: 1 },
    })
    clock.advance(1)
    assert.equal((await held.guard(call())).verdict, 'allow')
    assert.equal(held.size(), 0)
  })

  for (const [who, other] of [
    ['another caller of the tenant', call('agent-2')],
    ['the same id in another tenant', call('agent-1', 'beta')],
    ['names that join to the same text', call('e-1', 'acm')],
  ] as const)
    test(`lets pass ${who}`, async () => {
      const { held } = set()
      held.impose({ tenant: 'acme', id: 'agent-1' }, 'x')
      assert.equal((await held.guard(other)).verdict, 'allow')
    })

  test('counts from the last time it was imposed', async () => {
    const { clock, held } = set()
    held.impose({ tenant: 'acme', id: 'agent-1' }, 'x')
    clock.advance(FOR_MS / 2)
    held.impose({ tenant: 'acme', id: 'agent-1' }, 'x')
    clock.advance(FOR_MS / 2)
    assert.equal((await held.guard(call())).verdict, 'deny')
  })

  test('is bounded: when it is full, whoever would be free first is free now', async () => {
    const { clock, held } = set(2)
    for (const id of ['a', 'b', 'c']) {
      held.impose({ tenant: 'acme', id }, 'x')
      clock.advance(1)
    }
    assert.equal(held.size(), 2)
    assert.equal((await held.guard(call('a'))).verdict, 'allow')
    for (const id of ['b', 'c']) assert.equal((await held.guard(call(id))).verdict, 'deny')
  })
})
