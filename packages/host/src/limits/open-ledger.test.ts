// Which counts a server gets: its own, by a clock that nobody sets, or those of the store, with one word for its trouble.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import type { Entry } from '@hardened-mcp/security-core'
import { store } from '@hardened-mcp/testkit/store'
import { openLedger } from './open-ledger.ts'
import type { LedgerEvent, SharedLedger } from './shared-ledger.ts'

const HOUR_MS = 3_600_000
const entry: Entry = { kind: 'budget', key: 'a', most: 10, amount: 10, windowMs: HOUR_MS }
const wallClock = Date.now
const ends: (() => void | Promise<void>)[] = []
after(async () => {
  Date.now = wallClock
  for (const end of ends) await end()
})

suite('openLedger()', () => {
  test('without a store the counts are of this process, and no step of the clock refills them', async () => {
    const { ledger, trouble } = await openLedger(undefined, assert.fail)
    assert.deepEqual(await ledger.take([entry]), { ok: true })
    for (const stepMs of [2 * HOUR_MS, -2 * HOUR_MS]) {
      Date.now = () => wallClock() + stepMs
      const { ok } = await ledger.take([entry])
      assert.equal(ok, false, String(stepMs))
    }
    Date.now = wallClock
    const other = await openLedger(undefined, assert.fail)
    assert.deepEqual(await other.ledger.take([entry]), { ok: true }, 'another process, other counts')
    assert.equal(trouble(), undefined)
  })

  test('with a store two processes have one count, and say when they have not', async () => {
    const real = await store()
    ends.push(real.stop)
    const events: LedgerEvent[] = []
    const config = { address: real.address, replicas: 2, on_outage: 'local' } as const
    const open = async () => {
      const opened = await openLedger(config, (event) => void events.push(event))
      ends.push((opened.ledger as SharedLedger).close)
      return opened
    }
    const [a, b] = [await open(), await open()]
    assert.equal((await a.ledger.take([entry])).ok, true)
    assert.equal((await b.ledger.take([entry])).ok, false)
    assert.deepEqual([a.trouble(), b.trouble()], [undefined, undefined])
    await real.stop()
    assert.equal((await a.ledger.take([{ ...entry, amount: 6 }])).ok, false, 'its half is 5')
    assert.deepEqual([a.trouble(), events.at(-1)], ['limits_local', 'limits_local'])
  })
})
