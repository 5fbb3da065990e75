// Proves that a flood of refusals costs ten records a minute, that none goes uncounted, and that nothing else is ever held back.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fakeAudit, fakeClock } from '@hardened-mcp/testkit'
import type { AuditEvent } from '../audit/event.ts'
import { AUDIT_EVENTS } from '../audit/event.ts'
import { sampledRefusals } from './sampled-refusals.ts'

const hit = (caller = 'k_1', tenant = 'acme'): AuditEvent => ({
  type: 'rate_limit.hit',
  tenant,
  caller,
  err: 'Rate limit of read_note reached',
})
const probe: AuditEvent = { type: 'tool_call.denied', tenant: 'acme', caller: 'k_1', rule: 'unknown_tool' }

const set = () => {
  const audit = fakeAudit()
  const clock = fakeClock()
  return { audit, clock, sink: sampledRefusals(audit.sink, clock.now) }
}
const times = async (count: number, run: () => Promise<void>) => {
  for (let i = 0; i < count; i += 1) await run()
}

suite('sampledRefusals()', () => {
  for (const event of [hit(), probe])
    test(`writes ten of a thousand ${event.rule ?? event.type} in a minute, and says the rest afterwards`, async () => {
      const { audit, clock, sink } = set()
      await times(1_000, () => sink(event))
      assert.equal(audit.durable.length, 10)
      assert.deepEqual(audit.durable[0], event)
      clock.advance(59_999)
      await sink(event)
      assert.equal(audit.durable.length, 10)
      clock.advance(1)
      await sink(event)
      assert.equal(audit.durable.length, 11)
      assert.match(String(audit.durable[10]?.err), /991 earlier refusals of this kind were counted, not written$/)
      await sink(event)
      assert.deepEqual(audit.durable[11], event) // said once
    })

  test('counts by caller, by tenant and by kind: one flood hides no other', async () => {
    const { audit, sink } = set()
    for (const event of [hit(), hit('k_2'), hit('k_1', 'globex'), probe]) await times(50, () => sink(event))
    assert.equal(audit.durable.length, 40)
  })

  test('holds nothing else back', async () => {
    const { audit, sink } = set()
    const others = AUDIT_EVENTS.filter((type) => type !== 'rate_limit.hit')
    for (const type of others)
      await times(30, () => sink({ type, tenant: 'acme', caller: 'k_1', rule: 'policy_denied' }))
    assert.equal(audit.durable.length, others.length * 30)
  })

  test('a written record that fails stops the call as before', async () => {
    const { audit, sink } = set()
    audit.failOn('rate_limit.hit')
    await assert.rejects(sink(hit()))
  })

  test('callers without end do not hold memory without end, and are written', async () => {
    const { audit, sink } = set()
    let caller = 0
    await times(10_050, () => sink(hit(`k_${caller++}`)))
    assert.equal(audit.durable.length, 10_050)
  })
})
