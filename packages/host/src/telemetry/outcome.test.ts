// What records become as figures: closed lists whatever they hold, and nothing that was not recorded.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { AUDIT_EVENTS, type AuditEvent, DENIALS } from '@hardened-mcp/security-core'
import fc from 'fast-check'
import { observedSink } from './observed-sink.ts'
import { outcomeOf } from './outcome.ts'
import { prometheus } from './prometheus.ts'
import type { Standing } from './readings.ts'

const TOOLS = new Set(['read_text_file', 'list_directory'])
const CALL = 'b6f1cb3e-7e0f-4d92-9d3a-52b0e35b1d11'
const SUCCESS: AuditEvent = { type: 'tool_call.success', tool: 'read_text_file', call_id: CALL, dur_ms: 3, bytes: 9 }
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

const STANDING: Standing = {
  workers: { alive: 2, idle: 1, waiting: 0, started: 3 },
  ended: { killed: 1, memory: 0, crashed: 0 },
  audit: { records: 7, queued: 0, lagMs: 0, healthy: true, freeBytes: 1 },
  policy: { id: 'flags', inForce: true },
  keySets: [{ issuer: 'corp', ageMs: 1_000 }, { issuer: 'down' }],
  notReady: [],
}
const served = (tenants?: readonly string[]) => {
  let ms = 0
  const elapsed = () => (ms += 1_000)
  const more = tenants === undefined ? {} : { tenants }
  return prometheus({ server: 'file', version: '0.1.0', tools: TOOLS, standing: () => STANDING, elapsed, ...more })
}

suite('outcomeOf()', () => {
  const traces: readonly [text: string | undefined, continues: boolean][] = [
    [`00-${TRACE}-00f067aa0ba902b7-01`, true],
    [`00-${TRACE}-00f067aa0ba902b7-00`, true],
    [undefined, false],
    [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, false],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, false],
    [`01-${TRACE}-00f067aa0ba902b7-01`, false],
    [`00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`, false],
    [`00-${TRACE}-00f067aa0ba902b7-01-extra`, false],
    [` 00-${TRACE}-00f067aa0ba902b7-01`, false],
  ]
  for (const [text, continues] of traces)
    test(`traceparent ${text}: ${continues ? 'continued' : 'a new trace'}`, () => {
      const { trace } = outcomeOf({ ...SUCCESS, ...(text === undefined ? {} : { trace: text }) }, TOOLS) ?? {}
      assert.equal(trace?.traceId, continues ? TRACE : undefined)
    })

  test('whatever a record says, tool and code are of closed lists', () => {
    const codes = new Set(['ok', 'unknown_tool', 'internal', ...Object.keys(DENIALS)])
    const any = fc.string({ unit: 'binary', maxLength: 40 })
    const event = fc.record({ type: fc.constantFrom(...AUDIT_EVENTS), tool: any, rule: any, call_id: any, trace: any })
    fc.assert(
      fc.property(event, (said) => {
        const outcome = outcomeOf(said, TOOLS)
        if (outcome === undefined) return
        assert.ok(TOOLS.has(outcome.tool) || outcome.tool === 'unknown')
        assert.ok(codes.has(outcome.code))
        assert.equal(outcome.callId, undefined)
      }),
    )
  })
})

suite('prometheus()', () => {
  test('10 000 random principals, tenants and tool names add no series', async () => {
    const { hear, text } = served()
    hear(SUCCESS)
    hear({ type: 'tool_call.denied', tool: 'x', rule: 'unknown_tool' })
    const before = (await text()).split('\n').length
    for (let n = 0; n < 10_000; n += 1) {
      const random = Math.random().toString(36).slice(2)
      hear({ ...SUCCESS, caller: `k_${random}`, tenant: `t-${random}`, client: random, args: random, chain: random })
      hear({ type: 'tool_call.denied', tool: `tool_${random}`, rule: 'unknown_tool', caller: random, err: random })
    }
    assert.equal((await text()).split('\n').length, before)
    assert.match(await text(), /calls_total\{tool="unknown",decision="deny",code="unknown_tool",server="file"\} 10001/)
  })

  test('only listed tenants have figures of their own', async () => {
    const { hear, text } = served(['acme'])
    for (const tenant of ['acme', 'globex', 'acme"} 1\nx{y="', '']) hear({ ...SUCCESS, tenant })
    const lines = (await text()).split('\n').filter((line) => line.startsWith('hardened_mcp_calls_total{'))
    assert.equal(lines.length, 2)
    assert.match(lines.join('\n'), /tenant="acme",server="file"\} 1\n.*tenant="other",server="file"\} 3/)
  })

  test('rules of alerts are names, at most 64 of them', async () => {
    const { hear, text } = served()
    for (let n = 0; n < 200; n += 1) hear({ type: 'alert.raised', rule: `rule_${n}` })
    hear({ type: 'alert.raised', rule: 'Bad"} rule' })
    const lines = (await text()).split('\n').filter((line) => line.startsWith('hardened_mcp_alerts_total{'))
    assert.equal(lines.length, 65)
    assert.match(lines.at(-1) ?? '', /rule="other",server="file"\} 137$/)
  })

  test('what is read at a scrape is as it stands then: keys that cannot be had have no age', async () => {
    const text = await served().text()
    assert.match(text, /hardened_mcp_key_set_age_seconds\{issuer="corp",server="file"\} 1\n/)
    assert.doesNotMatch(text, /issuer="down"/)
    assert.match(text, /hardened_mcp_workers_ended_total\{end="killed",server="file"\} 1\n/)
    assert.match(text, /hardened_mcp_queue_length\{queue="audit",server="file"\} 0\n/)
  })
})

suite('observedSink()', () => {
  const heardOf = async (sink: (event: AuditEvent) => Promise<void>, events: readonly AuditEvent[]) => {
    const heard: string[] = []
    const observed = observedSink(sink, ({ type, rule }) => void heard.push(`${type} ${rule ?? ''}`.trim()))
    for (const event of events) await observed(event).catch(() => undefined)
    return heard
  }
  const all: readonly AuditEvent[] = [
    { type: 'tool_call.request' },
    SUCCESS,
    { type: 'tool_call.denied', rule: 'path_denied' },
    { type: 'auth.failure', rule: 'missing' },
  ]
  test('hears what was recorded, once', async () => {
    const expected = ['tool_call.request', 'tool_call.success', 'tool_call.denied path_denied', 'auth.failure missing']
    assert.deepEqual(await heardOf(() => Promise.resolve(), all), expected)
  })
  test('of a trail that takes nothing: no success, and stops as their callers are told of them', async () => {
    const down = () => Promise.reject(new Error('full'))
    assert.deepEqual(await heardOf(down, all), ['tool_call.error audit_unavailable', 'auth.failure missing'])
  })
  test('still refuses what the sink refuses', async () => {
    await assert.rejects(
      observedSink(
        () => Promise.reject(new Error('full')),
        () => undefined,
      )(SUCCESS),
      /full/,
    )
  })
})
