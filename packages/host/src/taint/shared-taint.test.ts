// Proves with a real store that replicas see each other's labels, that an absent store ends calls, and that a lost memory makes nobody clean.
import assert from 'node:assert/strict'
import { after, afterEach, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CLEAN, Denial, type Label, labelText, memoryTaint } from '@hardened-mcp/security-core'
import { type Store, store } from '@hardened-mcp/testkit/store'
import fc from 'fast-check'
import { type SharedTaint, sharedTaint, type TaintEvent } from './shared-taint.ts'

const PRIVATE: Label = { integrity: 'trusted', secrecy: 'private' }
const UNTRUSTED: Label = { integrity: 'untrusted', secrecy: 'public' }
const WINDOW_MS = 3_600_000

let real: Store
let callers = 0
const open: SharedTaint[] = []
const aCaller = (tenant = 'acme') => ({ tenant, id: `agent-${callers++}` })
const isBusy = (thrown: unknown) => thrown instanceof Denial && thrown.code === 'busy'

before(async () => {
  real = await store()
})
afterEach(() => {
  for (const each of open.splice(0)) each.close()
})
after(() => real.stop())

async function replica(windowMs = WINDOW_MS, events: TaintEvent[] = []): Promise<SharedTaint> {
  const opened = sharedTaint({ config: { address: real.address }, windowMs, onEvent: (event) => events.push(event) })
  open.push(opened)
  await opened.ready
  await reached(opened)
  return opened
}
const reached = async (taint: SharedTaint) => {
  for (let tries = 0; ; tries++) {
    const answered = await taint.read({ tenant: 'probe', id: 'probe' }).catch(() => undefined)
    if (answered !== undefined) return
    assert.ok(tries < 300, 'the store is not reached')
    await delay(100)
  }
}

suite('sharedTaint()', () => {
  test('what one replica joins, another sees at once; another caller and another tenant do not', async () => {
    const [one, other] = [await replica(), await replica()]
    const who = aCaller()
    assert.equal(labelText(await one.join(who, PRIVATE)), 'private')
    assert.equal(labelText(await other.read(who)), 'private')
    assert.equal(labelText(await other.join(who, UNTRUSTED)), 'private,untrusted')
    assert.deepEqual(await one.read(aCaller()), CLEAN)
    assert.deepEqual(await one.read({ ...who, tenant: 'globex' }), CLEAN)
    assert.deepEqual(await one.read({ tenant: `acme\n${who.id}`, id: '' }), CLEAN)
  })

  test('replicas that join at the same time both find both labels', async () => {
    const [one, other] = [await replica(), await replica()]
    const all = Array.from({ length: 50 }, () => aCaller())
    await Promise.all(all.flatMap((who) => [one.join(who, PRIVATE), other.join(who, UNTRUSTED)]))
    for (const who of all) assert.equal(labelText(await one.read(who)), 'private,untrusted')
  })

  test('says what memory says, whatever is joined', async () => {
    const shared = await replica()
    const step = fc.record({ label: fc.constantFrom(CLEAN, PRIVATE, UNTRUSTED), n: fc.nat(1) })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const memory = memoryTaint({ windowMs: WINDOW_MS, now: () => Date.UTC(2026, 0, 1) })
        const two = [aCaller(), aCaller()]
        for (const { label, n } of steps) {
          const who = two[n] ?? aCaller()
          assert.deepEqual(await shared.join(who, label), await memory.join(who, label))
        }
      }),
      { numRuns: 30 },
    )
  })

  test('a label ends with its window, by the clock of the store', async () => {
    const shared = await replica(400)
    const who = aCaller()
    await shared.join(who, PRIVATE)
    // The other label is given again and again meanwhile: each ends by itself.
    for (let tries = 0; labelText(await shared.join(who, UNTRUSTED)) !== 'untrusted'; tries++) {
      assert.ok(tries < 600, 'the label does not end')
      await delay(100)
    }
  })

  test('without the store no label is read or given', async () => {
    const events: TaintEvent[] = []
    const shared = await replica(WINDOW_MS, events)
    const who = aCaller()
    await shared.join(who, PRIVATE)
    await real.stop()
    await assert.rejects(shared.read(who), isBusy)
    await assert.rejects(shared.join(who, UNTRUSTED), isBusy)
    assert.equal(shared.trouble(), 'taint_denied')
    await real.start()
    await reached(shared)
    assert.deepEqual(events, ['taint_shared', 'taint_denied', 'taint_lost'])
  })

  test('a store that lost its memory makes nobody clean, for servers that start later too, until the window is over', async () => {
    const old = await replica(6_000)
    const who = aCaller()
    await old.join(who, PRIVATE)
    await real.stop()
    await real.start()
    await reached(old)
    assert.equal(old.trouble(), 'taint_lost')
    const fresh = await replica(6_000)
    for (const each of [old, fresh]) assert.equal(labelText(await each.read(aCaller())), 'private,untrusted')
    for (let tries = 0; labelText(await fresh.read(who)) !== ''; tries++) {
      assert.ok(tries < 600, 'the loss is never over')
      await delay(100)
    }
    assert.deepEqual(await old.read(who), CLEAN)
    assert.equal(old.trouble(), undefined)
  })
})
