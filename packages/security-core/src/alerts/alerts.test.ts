// What is watched reaches the detector at once; what fires is on record, counted and told, whatever the sink does.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fakeAudit, fakeClock } from '@hardened-mcp/testkit'
import type { AuditEvent } from '../audit/event.ts'
import type { Alert } from './alert.ts'
import { alerts } from './alerts.ts'
import { alertRules } from './rules.ts'

const denied: AuditEvent = {
  ...{ type: 'tool_call.denied', server: 'file', tenant: 'acme', caller: 'k_1', tool: 'read_text_file' },
  ...{ rule: 'path_denied', err: 'outside: a path with a secret in it', args: 'hmac' },
}

function set() {
  const audit = fakeAudit()
  const clock = fakeClock()
  const hub = alerts({ sink: audit.sink, rules: alertRules(), now: clock.now })
  const [counted, told]: [Alert[], Alert[]] = [[], []]
  hub.onAlert((alert) => counted.push(alert))
  hub.onTold((alert) => told.push(alert))
  return { audit, clock, hub, counted, told, sink: hub.watch(audit.sink) }
}
const names = (alerts: readonly Alert[]) => alerts.map(({ rule }) => rule)

suite('alerts()', () => {
  test('a firing is one record, one count and one word to whoever listens', async () => {
    const { audit, counted, told, sink } = set()
    for (let i = 0; i < 6; i += 1) await sink(denied)
    const record = audit.durable.find(({ type }) => type === 'alert.raised')
    assert.deepEqual(record, {
      ...{ type: 'alert.raised', rule: 'denial_burst', server: 'file', tenant: 'acme', caller: 'k_1' },
      ...{ tool: 'read_text_file', err: '6 calls were refused in a short time' },
    })
    assert.equal(audit.durable.length, 7)
    assert.deepEqual([names(counted), names(told)], [['denial_burst'], ['denial_burst']])
  })

  test('a firing that is held back is counted all the same', async () => {
    const { counted, told, sink } = set()
    for (let i = 0; i < 12; i += 1) await sink(denied)
    const of = (alerts: readonly Alert[]) => names(alerts).filter((name) => name === 'denial_burst').length
    assert.deepEqual([of(counted), of(told)], [2, 1])
  })

  test('nothing of what a caller sent is in an alert', async () => {
    const { counted, sink } = set()
    for (let i = 0; i < 12; i += 1) await sink(denied)
    assert.ok(counted.length > 0)
    assert.ok(!JSON.stringify(counted).includes('secret'))
  })

  test('listeners hear before the record is durable: what acts on an alert acts at once', () => {
    const { audit, counted, sink } = set()
    audit.hold('tool_call.denied')
    for (let i = 0; i < 10; i += 1) void sink(denied)
    assert.ok(names(counted).includes('circuit_broken'))
  })

  test('an alert that cannot be written is told all the same', async () => {
    const { audit, told, sink } = set()
    audit.failOn('alert.raised')
    for (let i = 0; i < 6; i += 1) await sink(denied)
    assert.deepEqual(names(told), ['denial_burst'])
  })

  test('a change of the server itself is written as it is, counted, and told each time, up to the room of its rule', async () => {
    const { audit, counted, told, sink } = set()
    const change = (err: string): AuditEvent => ({ type: 'alert.raised', rule: 'policy_refused', server: 'file', err })
    const events = ['Its own test fails', 'not valid YAML', 'Its own test fails'].map(change)
    for (const event of events) await sink(event)
    assert.deepEqual(audit.durable, events)
    assert.deepEqual(
      told.map(({ rule, severity, says }) => [rule, severity, says]),
      events.map(({ err }) => ['policy_refused', 'warning', err]),
    )
    for (let i = 0; i < 97; i += 1) await sink(change('flapping'))
    assert.deepEqual([audit.durable.length, counted.length, told.length], [100, 100, 20])
  })

  test('what others write down of a caller is written each time, and told once', async () => {
    const { audit, counted, told, sink } = set()
    const event: AuditEvent = { type: 'alert.raised', rule: 'tainted', tenant: 'acme', caller: 'k_1', err: 'marked' }
    for (let i = 0; i < 3; i += 1) await sink(event)
    assert.deepEqual([audit.durable.length, counted.length, names(told)], [3, 3, ['tainted']])
  })

  test('losing the store of limits or labels is worse than having it back', async () => {
    const { told, hub } = set()
    const rules = ['limits_denied', 'taint_denied', 'taint_lost', 'limits_shared', 'taint_shared', 'kill_switch_off']
    for (const rule of rules) await hub.raise({ rule })
    assert.deepEqual(
      told.map(({ severity }) => severity),
      [...Array<string>(3).fill('critical'), ...Array<string>(3).fill('notice')],
    )
  })

  test('raise() resolves when the record is durable, and rejects when it cannot be', async () => {
    const { audit, hub, told } = set()
    await hub.raise({ rule: 'canary_value', tenant: 'acme', caller: 'k_1', err: 'seen' })
    assert.equal(audit.durable[0]?.rule, 'canary_value')
    assert.equal(told[0]?.severity, 'critical')
    audit.failOn('alert.raised')
    await assert.rejects(hub.raise({ rule: 'canary_place', err: 'seen' }))
    assert.equal(told.length, 2)
  })

  test('a listener that throws stops neither the call nor the next listener', async () => {
    const { audit, hub, sink } = set()
    const heard: string[] = []
    hub.onAlert(() => {
      throw new Error('broken counter')
    })
    const stop = hub.onAlert(({ rule }) => heard.push(rule))
    for (let i = 0; i < 6; i += 1) await sink(denied)
    stop()
    for (let i = 0; i < 6; i += 1) await sink(denied)
    assert.deepEqual(heard, ['denial_burst'])
    assert.ok(audit.durable.length > 12)
  })

  test('tick() tells what was held back', async () => {
    const { clock, hub, told, sink } = set()
    for (let i = 0; i < 60; i += 1) await sink({ ...denied, rule: 'tainted' })
    clock.advance(600_000)
    hub.tick()
    assert.equal(told.filter(({ says }) => says === '59 more alerts of this rule were held back').length, 1)
  })
})
