// Two replicas take from one real store: together never one more than the limit, and each its part while the store is gone.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Denial, type Entry, localLedger } from '@hardened-mcp/security-core'
import { type Store, store } from '@hardened-mcp/testkit/store'
import fc from 'fast-check'
import { Redis } from 'iovalkey'
import { type LedgerEvent, type SharedLedger, sharedLedger } from './shared-ledger.ts'

let real: Store
const ends: (() => void)[] = []
let keys = 0
const aKey = () => `test ${keys++}\nacme`
before(async () => {
  real = await store()
})
after(async () => {
  for (const end of ends) end()
  await real.stop()
})

function replica(on_outage: 'local' | 'deny' = 'local', events: LedgerEvent[] = []) {
  const config = { address: real.address, replicas: 2, on_outage }
  const ledger = sharedLedger({ config, elapsed: () => performance.now(), onEvent: (event) => events.push(event) })
  ends.push(ledger.close)
  return ledger
}
const reached = async (...ledgers: SharedLedger[]) => {
  for (const ledger of ledgers) {
    await ledger.ready
    for (let tries = 0; ; tries++) {
      await Promise.resolve(ledger.take([slot(aKey(), 9, 'probe')])).catch(() => undefined) // `deny` rejects until then
      if (ledger.trouble() === undefined) break
      assert.ok(tries < 100, 'the store is not reached')
      await delay(200)
    }
  }
}
const slot = (key: string, most: number, id: string): Entry => ({ kind: 'slot', key, most, id, forMs: 60_000 })

suite('sharedLedger()', () => {
  test('two replicas at once hand out exactly the burst, the places, the budget and the hosts', async () => {
    const [a, b] = [replica(), replica()]
    await reached(a, b)
    const key = aKey()
    const kinds: readonly [admitted: number, of: (n: number) => Entry][] = [
      [20, () => ({ kind: 'rate', key: `${key} rate`, intervalMs: 3_600_000, toleranceMs: 19 * 3_600_000 })],
      [7, (n) => slot(`${key} slot`, 7, `call-${n}`)],
      [5, () => ({ kind: 'budget', key: `${key} rows`, most: 599, amount: 100, windowMs: 86_400_000 })],
      [6, (n) => ({ kind: 'distinct', key: `${key} hosts`, most: 6, member: `host-${n}`, windowMs: 86_400_000 })],
    ]
    for (const [admitted, entryOf] of kinds) {
      const taken = await Promise.all(
        Array.from({ length: 60 }, async (_, n) => (n % 2 === 0 ? a : b).take([entryOf(n)])),
      )
      assert.equal(taken.filter(({ ok }) => ok).length, admitted, entryOf(0).kind)
    }
  })

  test('all entries or none; what one replica gives back another can take', async () => {
    const [a, b] = [replica(), replica()]
    await reached(a, b)
    const [first, second] = [aKey(), aKey()]
    assert.equal((await a.take([slot(second, 1, 'held')])).ok, true)
    assert.deepEqual(await b.take([slot(first, 1, 'x'), slot(second, 1, 'x')]), { ok: false, entry: 1, waitMs: 0 })
    assert.equal((await b.take([slot(first, 1, 'y')])).ok, true, 'the refused call took nothing')
    await a.give([slot(second, 1, 'held')])
    assert.equal((await b.take([slot(second, 1, 'z')])).ok, true)
  })

  test('judges like the ledger in memory', async () => {
    const ledger = replica()
    await reached(ledger)
    const hour = 3_600_000 // nothing refills while a row is played
    const entry = fc.oneof(
      fc.constant({ kind: 'rate' as const, intervalMs: hour, toleranceMs: 2 * hour }),
      fc.nat(3).map((id) => ({ kind: 'slot' as const, most: 2, id: `id-${id}`, forMs: hour })),
      fc.nat(60).map((amount) => ({ kind: 'budget' as const, most: 100, amount: amount + 1, windowMs: 1_000 * hour })),
      fc.nat(4).map((n) => ({ kind: 'distinct' as const, most: 3, member: `m-${n}`, windowMs: hour })),
    )
    const step = fc.record({
      give: fc.integer({ min: 0, max: 3 }),
      entries: fc.array(entry, { minLength: 1, maxLength: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const key = aKey()
        const memory = localLedger(() => 0)
        for (const { give, entries } of steps) {
          const whole = entries.map((each) => ({ ...each, key: `${key} ${each.kind}` }))
          if (give === 0) {
            void memory.give(whole)
            await ledger.give(whole)
            continue
          }
          const [here, there] = [await memory.take(whole), await ledger.take(whole)]
          assert.deepEqual([there.ok, there.ok || there.entry], [here.ok, here.ok || here.entry], JSON.stringify(whole))
        }
      }),
      { numRuns: 30 },
    )
  })

  test('a store whose clock was set back goes on refilling', async () => {
    const ledger = replica()
    await reached(ledger)
    const key = aKey()
    const rows = (amount: number): Entry => ({ kind: 'budget', key, most: 100, amount, windowMs: 2_000 })
    const [host, port] = real.address.split(':')
    const client = new Redis({ host: host ?? '', port: Number(port) })
    ends.push(() => client.disconnect())
    await client.hset(`hmcp:{limits}:${key}`, { s: '100', a: String(Date.now() + 3_600_000) }) // written before the step
    assert.equal((await ledger.take([rows(100)])).ok, false)
    for (let tries = 0; !(await ledger.take([rows(50)])).ok; tries++) {
      assert.ok(tries < 100, 'nothing is refilled')
      await delay(100)
    }
  })

  test('without the store each replica hands out its half, or nothing; when it is back, all of it', async () => {
    const events: LedgerEvent[] = []
    const [a, b, strict] = [replica('local', events), replica(), replica('deny')]
    await reached(a, b, strict)
    await real.stop()
    const key = aKey()
    const burst = (): Entry => ({ kind: 'rate', key, intervalMs: 3_600_000, toleranceMs: 19 * 3_600_000 })
    const taken = []
    for (let n = 0; n < 60; n++) taken.push(await (n % 2 === 0 ? a : b).take([burst()]))
    assert.equal(taken.filter(({ ok }) => ok).length, 20)
    const three = aKey()
    const halves = [await a.take([slot(three, 3, 'one')]), await a.take([slot(three, 3, 'two')])]
    assert.deepEqual(
      halves.map(({ ok }) => ok),
      [true, false],
      'a half of three is one: rounded up, both replicas would hand out four',
    )
    const wait = await a.take([burst()])
    assert.ok(!wait.ok && wait.waitMs > 3_600_000 && wait.waitMs <= 7_200_000, 'half the rate is twice the interval')
    const place = await a.take([slot(aKey(), 4, 'one')])
    assert.ok(place.ok && place.give !== undefined)
    await assert.rejects(
      async () => strict.take([burst()]),
      (thrown) => thrown instanceof Denial && thrown.code === 'busy',
    )
    assert.deepEqual([a.trouble(), strict.trouble()], ['limits_local', 'limits_denied'])
    await real.start()
    await reached(a, b, strict)
    assert.deepEqual(events, ['limits_shared', 'limits_local', 'limits_shared'])
  })
})
