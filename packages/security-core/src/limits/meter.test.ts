// Places and budgets are taken whole or not at all, given back once, and never hand out more than there is.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aCall, aCaller, fakeClock } from '@hardened-mcp/testkit'
import fc from 'fast-check'
import type { Decision } from '../decision.ts'
import { type Ledger, localLedger } from './ledger.ts'
import type { Bounds, Limits } from './limits.ts'
import { type Cost, meter, type Used } from './meter.ts'

const HOUR_MS = 3_600_000
const bounds = (over: Partial<Bounds> & { slots?: Record<string, number> } = {}): Bounds => ({
  rates: new Map(),
  concurrent: new Map(Object.entries(over.slots ?? {})),
  ...(over.budgets === undefined ? {} : { budgets: over.budgets }),
})

function metered(limits: Partial<Limits>, cost: Cost = {}, clock = fakeClock()) {
  const whole: Limits = { caller: bounds(), tenants: new Map(), ...limits }
  const { reserve, settle } = meter({ current: () => whole, ledger: localLedger(clock.now), cost: () => cost })
  let calls = 0
  return {
    clock,
    start(id = 'agent-1', tenant = 'acme') {
      const call = aCall({ id: `call-${calls++}`, caller: aCaller([], id, tenant) })
      const decision = reserve(call, {}) as Decision
      const said = decision.verdict === 'allow' ? 'allow' : decision.code
      return {
        said,
        wait: decision.verdict === 'deny' ? decision.detail?.retryAfterMs : 0,
        end: (used?: Used) => void settle(call, used),
      }
    },
  }
}

suite('meter()', () => {
  test('as many calls at once as are allowed; a place is free when its call is over, and once', () => {
    const { start } = metered({ caller: bounds({ slots: { read_note: 2 } }) })
    const [first, second] = [start(), start()]
    assert.deepEqual([first.said, second.said, start().said], ['allow', 'allow', 'busy'])
    assert.equal(start('agent-2').said, 'allow', 'another caller has its own')
    first.end()
    first.end({ bytes: 1 })
    assert.deepEqual([start().said, start().said], ['allow', 'busy'])
  })

  test('a tenant has its places over all callers, and a refused call takes none of them', () => {
    const { start } = metered({
      caller: bounds({ slots: { '*': 1 } }),
      tenants: new Map([['acme', bounds({ slots: { '*': 2 } })]]),
    })
    assert.equal(start('a').said, 'allow')
    for (let again = 0; again < 5; again++) assert.equal(start('a').said, 'busy')
    assert.equal(start('b').said, 'allow')
    assert.equal(start('c').said, 'busy', 'the third of the tenant')
    assert.equal(start('c', 'globex').said, 'allow')
  })

  test('a place whose process died is free when the time of the call is over', () => {
    const { start, clock } = metered({ caller: bounds({ slots: { '*': 1 } }) })
    start()
    clock.advance(61_999) // twice the deadline of a second, and a minute
    assert.equal(start().said, 'busy')
    clock.advance(1)
    assert.equal(start().said, 'allow')
  })

  test('reserves the most of rows and bytes, and gives back what was not used', () => {
    const budgets = { windowMs: HOUR_MS, rows: 250, bytes: 10_000 }
    const { start } = metered({ caller: bounds({ budgets }) }, { rows: 100 })
    const [first, second, third] = [start(), start(), start()]
    assert.deepEqual([first.said, second.said, third.said], ['allow', 'allow', 'rate_limited'])
    first.end({ rows: 10, bytes: 100 })
    assert.equal(start().said, 'allow', '110 of 250 are spent or reserved')
    second.end() // no answer: nothing is spent
  })

  test('what was given back is not given back again, and bytes that went out stay spent', () => {
    const budgets = { windowMs: HOUR_MS, rows: 200, bytes: 1_024 }
    const { start } = metered({ caller: bounds({ budgets }) }, { rows: 100 })
    const first = start()
    first.end({ rows: 0, bytes: 24 })
    assert.equal(start().said, 'rate_limited', '1 024 bytes do not fit beside 24')
    for (let again = 0; again < 5; again++) first.end()
    assert.equal(start().said, 'rate_limited')
  })

  test('what a ledger took elsewhere goes back there', () => {
    const there: string[] = []
    const here: string[] = []
    const ledger: Ledger = {
      take: () => ({ ok: true, give: (entries) => void there.push(...entries.map(({ key }) => key)) }),
      give: (entries) => void here.push(...entries.map(({ key }) => key)),
    }
    const whole: Limits = { caller: bounds({ slots: { '*': 1 } }), tenants: new Map() }
    const { reserve, settle } = meter({ current: () => whole, ledger, cost: () => ({}) })
    const call = aCall({ caller: aCaller([]) })
    void reserve(call, {})
    void settle(call, undefined)
    assert.deepEqual([there.length, here.length], [1, 0])
  })

  test('every host of one call counts', () => {
    const cost: { domains: string[] } = { domains: ['a.example', 'b.example', 'a.example'] }
    const { start } = metered({ caller: bounds({ budgets: { windowMs: HOUR_MS, domains: 2 } }) }, cost)
    assert.equal(start().said, 'allow')
    cost.domains = ['a.example', 'c.example']
    assert.equal(start().said, 'rate_limited')
    cost.domains = ['b.example']
    assert.equal(start().said, 'allow')
  })

  test('"*" is all tools together, beside the entry of the tool; the same id of two tenants is two callers', () => {
    const { start } = metered({ caller: bounds({ slots: { '*': 2, read_note: 1 } }) })
    assert.deepEqual([start().said, start().said], ['allow', 'busy'])
    const all = metered({ caller: bounds({ slots: { '*': 1 } }) })
    assert.deepEqual(
      [all.start('a').said, all.start('a').said, all.start('a', 'globex').said],
      ['allow', 'busy', 'allow'],
    )
  })

  test('states the wait after which the same call passes, to the millisecond', () => {
    const { start, clock } = metered({ caller: bounds({ budgets: { windowMs: HOUR_MS, rows: 100 } }) }, { rows: 60 })
    start().end({ rows: 60, bytes: 1 })
    const { said, wait } = start()
    assert.deepEqual([said, wait], ['rate_limited', 720_000]) // 20 rows of 100 an hour
    clock.advance(719_999)
    assert.equal(start().said, 'rate_limited')
    clock.advance(1)
    assert.equal(start().said, 'allow')
  })

  test('what was sent out is spent also where nothing came back', () => {
    const { start } = metered({ caller: bounds({ budgets: { windowMs: HOUR_MS, egress: 100 } }) }, { egress: 60 })
    start().end()
    assert.equal(start().said, 'rate_limited')
  })

  test('so many hosts in a window and no more; a known one is always open', () => {
    const cost = { domains: ['a.example'] }
    const { start, clock } = metered({ caller: bounds({ budgets: { windowMs: HOUR_MS, domains: 2 } }) }, cost)
    assert.equal(start().said, 'allow')
    cost.domains = ['b.example']
    assert.equal(start().said, 'allow')
    cost.domains = ['c.example']
    assert.deepEqual([start().said, start().wait], ['rate_limited', HOUR_MS])
    cost.domains = ['a.example']
    assert.equal(start().said, 'allow')
    clock.advance(HOUR_MS)
    cost.domains = ['c.example']
    assert.equal(start().said, 'allow')
  })

  test('property: spent and reserved never exceed a budget and its refill; places never exceed their number', () => {
    const step = fc.record({ wait: fc.nat(120_000), end: fc.nat(5), rows: fc.nat(100) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 100, max: 400 }), (steps, most) => {
        const { start, clock } = metered(
          { caller: bounds({ slots: { '*': 3 }, budgets: { windowMs: HOUR_MS, rows: most } }) },
          { rows: 100 },
        )
        const open: (ReturnType<typeof start> & { since: number })[] = []
        let spent = 0
        let passed = 0
        for (const { wait, end, rows } of steps) {
          clock.advance(wait)
          passed += wait
          const call = start()
          if (call.said === 'allow') open.push({ ...call, since: passed })
          assert.ok(open.filter(({ since }) => passed - since < 62_000).length <= 3)
          assert.ok(spent + open.length * 100 <= most + (most * passed) / HOUR_MS + 1e-6)
          const [done] = open.splice(end, 1)
          done?.end({ rows, bytes: 1 })
          if (done !== undefined) spent += rows
        }
      }),
    )
  })
})
