// Each rule fires on its fixture, at its threshold and not before it, for the caller that did it and for nobody else.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fakeClock } from '@hardened-mcp/testkit'
import { detector } from './detector.ts'
import { type AlertRule, alertRules, type Observation } from './rules.ts'

const MINUTE = 60_000
const WHO = { server: 'file', tenant: 'acme', caller: 'agent-1', tool: 'read_text_file' }
const denied = (rule = 'path_denied', over: Partial<Observation> = {}): Observation => ({
  ...{ ...WHO, type: 'tool_call.denied', decision: 'deny', rule },
  ...over,
})
const success = (over: Partial<Observation> = {}): Observation => ({ ...WHO, type: 'tool_call.success', ...over })
const failed = (rule: string, over: Partial<Observation> = {}): Observation => ({
  ...{ ...WHO, type: 'tool_call.error', rule },
  ...over,
})
const request = (over: Partial<Observation> = {}): Observation => ({ ...WHO, type: 'tool_call.request', ...over })

const times = (n: number, make: (i: number) => Observation) => Array.from({ length: n }, (_, i) => make(i))

/** What fires, by name, when the events come `everyMs` apart; with a settings object, with those rules. */
function fired(events: readonly Observation[], everyMs = 1_000, rules: readonly AlertRule[] = alertRules()) {
  const clock = fakeClock()
  const { observe } = detector({ rules, now: clock.now })
  return events.flatMap((event) => {
    const found = observe(event).map(({ rule }) => rule)
    clock.advance(everyMs)
    return found
  })
}
const only = (...names: string[]) => alertRules().filter(({ name }) => names.includes(name))

suite('detector()', () => {
  const FIXTURES: readonly [rule: string, why: string, events: readonly Observation[], everyMs?: number][] = [
    ['denial_burst', 'six refusals in a minute', times(6, () => denied())],
    ['circuit_broken', 'ten refusals in five minutes', times(10, () => denied()), 29_000],
    [
      'circuit_broken',
      'half of twenty calls go wrong',
      times(20, (i) => (i % 2 === 0 ? success() : failed('not_found'))),
      14_000,
    ],
    ['enumeration', 'fifty missing names in an hour', times(50, (i) => failed('not_found', { args: `a${i}` })), 73_000],
    ['enumeration', 'fifty tool names', times(50, (i) => denied('unknown_tool', { tool: `t${i}` })), 60_000],
    ['call_burst', 'three hundred calls in a minute', times(300, () => request()), 150],
    ['rate_limit_burst', 'thirty hits', times(30, () => ({ ...WHO, type: 'rate_limit.hit', rule: 'rate_limited' }))],
    [
      'mass_failures',
      'twenty faults, each of another caller',
      times(20, (i) => failed('timeout', { caller: `agent-${i}` })),
    ],
    ['login_failures', 'twenty bad keys', times(20, () => ({ server: 'file', type: 'auth.failure', rule: 'invalid' }))],
    ['injection_marks', 'five marked calls', times(5, () => success({ marks: 'ignore_previous' }))],
    ['tainted', 'one refused flow', [denied('tainted')]],
    ['key_set_outage', 'one token nobody can judge', [{ server: 'file', type: 'auth.failure', rule: 'unavailable' }]],
    [
      'first_seen_tool',
      'another tool after a day of the same one',
      [...times(102, () => request()), request({ tool: 'delete_file' })],
      5 * MINUTE,
    ],
    [
      'first_seen_place',
      'another place after a day of the same one',
      [
        ...times(102, () => ({ ...WHO, type: 'place' as const, place: 'docs' })),
        { ...WHO, type: 'place', place: 'hr' },
      ],
      5 * MINUTE,
    ],
  ]
  for (const [rule, why, events, everyMs] of FIXTURES) {
    test(`${rule} fires once on ${why}`, () => {
      assert.deepEqual(fired(events, everyMs, only(rule)), [rule])
    })
    test(`${rule} does not fire one event before (${why})`, () => {
      assert.deepEqual(fired(events.slice(0, -1), everyMs, only(rule)), [])
    })
  }

  test('every rule of the table has its fixture', () => {
    assert.deepEqual(new Set(FIXTURES.map(([rule]) => rule)), new Set(alertRules().map(({ name }) => name)))
  })

  const SILENT: readonly [why: string, events: readonly Observation[], everyMs?: number][] = [
    ['refusals that are spread out', times(40, () => denied()), 34_000],
    ['mistakes in arguments alone, below half', times(40, (i) => (i % 3 === 0 ? denied('invalid_input') : success()))],
    ['the same missing file over and over', times(9, () => failed('not_found', { args: 'same' })), 40 * MINUTE],
    ['refusals of the quarantine itself', times(200, () => denied('quarantined'))],
    ['refusals of the kill switch', times(200, () => denied('switched_off'))],
    ['calls that wait for an approval', times(19, () => denied('approval_required'))],
    [
      'a client that has not logged in yet',
      times(100, () => ({ server: 'file', type: 'auth.failure', rule: 'missing' })),
    ],
    ['a slow upstream of many callers', times(100, (i) => failed('upstream_failed', { caller: `a${i}` })), 16_000],
    ['an operator that reloads', times(100, () => ({ server: 'file', type: 'config.loaded' }))],
  ]
  for (const [why, events, everyMs] of SILENT)
    test(`is silent on ${why}`, () => assert.deepEqual(fired(events, everyMs), []))

  test('an outage of the server breaks nobody off', () => {
    const events = times(60, () => failed('upstream_failed'))
    assert.deepEqual(fired(events, 5_000, only('circuit_broken')), [])
  })

  test('counts for the verified caller alone: neither another tenant nor another caller adds to it', () => {
    const mixed = times(27, (i) => denied('path_denied', { tenant: `t${i % 3}` }))
    assert.deepEqual(fired(mixed, 1_000, only('circuit_broken')), [])
    const others = times(27, (i) => denied('path_denied', { caller: `c${i % 3}` }))
    assert.deepEqual(fired(others, 1_000, only('circuit_broken')), [])
  })

  test('an event without a verified caller counts for nobody', () => {
    const { caller: _, ...anonymous } = denied()
    assert.deepEqual(
      fired(
        times(100, () => anonymous),
        1_000,
        only('circuit_broken', 'denial_burst'),
      ),
      [],
    )
  })

  test('names the caller, the tool and the number, and nothing else', () => {
    const clock = fakeClock()
    const { observe } = detector({ rules: only('denial_burst'), now: clock.now })
    const found = times(6, () => denied('path_denied', { args: 'secret', err: 'a text' })).flatMap(observe)
    assert.deepEqual(found, [
      {
        ...{ rule: 'denial_burst', severity: 'warning', at: clock.now(), says: '6 calls were refused in a short time' },
        ...WHO,
      },
    ])
  })

  test('counts anew after it fired', () => {
    assert.equal(
      fired(
        times(17, () => denied()),
        1_000,
        only('denial_burst'),
      ).length,
      2,
    )
  })

  test('the operator sets thresholds and leaves rules out', () => {
    const rules = alertRules({ counts: { denial_burst: { most: 3, minutes: 1 } }, off: ['circuit_broken'] })
    assert.deepEqual(
      fired(
        times(12, () => denied()),
        1_000,
        rules,
      ),
      Array(4).fill('denial_burst'),
    )
    const breaker = { denials: 4, percent: 100, of: 4, window_minutes: 1 }
    const strict = alertRules({ breaker }).filter(({ name }) => name === 'circuit_broken')
    assert.deepEqual(
      fired(
        times(4, () => denied()),
        14_000,
        strict,
      ).slice(0, 1),
      ['circuit_broken'],
    )
  })

  test('a clock that is set back neither fires nor forgets', () => {
    const clock = fakeClock()
    const { observe } = detector({ rules: only('denial_burst'), now: clock.now })
    times(5, () => denied()).forEach(observe)
    clock.set(0)
    assert.equal(observe(denied()).length, 1)
  })

  test('ten thousand callers leave memory for 4096, and those are still counted', () => {
    const clock = fakeClock()
    const { observe } = detector({ rules: only('denial_burst'), now: clock.now, mostKeys: 4 })
    times(5, () => denied()).forEach(observe)
    for (let i = 0; i < 3; i += 1) observe(denied('path_denied', { caller: `other-${i}` }))
    assert.equal(observe(denied()).length, 1, 'three others are no reason to forget')
    times(5, () => denied()).forEach(observe)
    for (let i = 0; i < 4; i += 1) observe(denied('path_denied', { caller: `more-${i}` }))
    assert.equal(observe(denied()).length, 0, 'the fifth took the place of the one that was seen least recently')
  })

  test('what is new after a night, or after few calls, is no change of habit', () => {
    const idle = [...times(40, () => request()), request({ tool: 'delete_file' })]
    assert.deepEqual(fired(idle, 20 * MINUTE, only('first_seen_tool')), [])
    const quick = [...times(400, () => request()), request({ tool: 'delete_file' })]
    assert.deepEqual(fired(quick, MINUTE, only('first_seen_tool')), [])
  })

  test('a caller that roams is not told of for each new place', () => {
    const events = times(200, (i): Observation => ({ ...WHO, type: 'place', place: `host-${i}.example` }))
    assert.deepEqual(fired(events, 10 * MINUTE, only('first_seen_place')), [])
  })

  test('names that are too far apart do not add up', () => {
    const slow = times(200, (i) => failed('not_found', { args: `a${i}` }))
    assert.deepEqual(fired(slow, 74_000, only('enumeration')), [])
    assert.deepEqual(fired(slow.slice(0, 50), 73_000, only('enumeration')), ['enumeration'])
  })
})
