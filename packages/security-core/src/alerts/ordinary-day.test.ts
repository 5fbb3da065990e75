// Twenty days of ordinary traffic leave every rule silent; the same days with one attack in them do not.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { detector } from './detector.ts'
import { DAY_MS, ordinaryDay, PEOPLE } from './fixture/ordinary-day.ts'
import { alertRules, type Observation } from './rules.ts'

const DAYS = Array.from({ length: 20 }, (_, seed) => seed + 1)
type Timed = Readonly<{ at: number; event: Observation }>

function alertsOf(day: readonly Timed[]) {
  let nowMs = 0
  const { observe } = detector({ rules: alertRules(), now: () => nowMs })
  return day.flatMap(({ at, event }) => {
    nowMs = at
    return observe(event)
  })
}

suite('an ordinary day', () => {
  test('is busy, and has its mistakes', () => {
    const day = ordinaryDay(1)
    const count = (holds: (event: Observation) => boolean) => day.filter(({ event }) => holds(event)).length
    assert.ok(count(({ type }) => type === 'tool_call.request') > 7_000)
    assert.ok(count(({ type }) => type === 'tool_call.denied') > 100)
    assert.ok(count(({ type }) => type === 'tool_call.error') > 150)
    assert.equal(new Set(day.flatMap(({ event: { caller } }) => caller ?? [])).size, PEOPLE.length)
    assert.ok((day.at(-1)?.at ?? 0) > 23 * 3_600_000)
  })

  test('raises no alert, on none of twenty days', () => {
    for (const seed of DAYS)
      assert.deepEqual(
        alertsOf(ordinaryDay(seed)).map(({ rule, caller, at }) => ({ rule, caller, at })),
        [],
        `day ${seed}`,
      )
  })

  test('raises none over a week in which one detector saw it all', () => {
    const week = DAYS.slice(0, 7).flatMap((seed, i) =>
      ordinaryDay(seed).map(({ at, event }) => ({ at: at + i * DAY_MS, event })),
    )
    assert.deepEqual(
      alertsOf(week.toSorted((one, other) => one.at - other.at)).map(({ rule, caller }) => ({ rule, caller })),
      [],
    )
  })

  test('with a model in it that was taken over, raises alerts about that caller alone', () => {
    for (const seed of DAYS) {
      const attack = Array.from({ length: 60 }, (_, i): Timed => {
        const names = { server: 'file', tool: 'read_text_file', caller: 'k_research', tenant: 'beta', args: `x${i}` }
        return { at: 11 * 3_600_000 + i * 20_000, event: { ...names, type: 'tool_call.denied', rule: 'path_denied' } }
      })
      const day = [...ordinaryDay(seed), ...attack].toSorted((one, other) => one.at - other.at)
      const found = alertsOf(day)
      assert.ok(found.some(({ rule }) => rule === 'circuit_broken'))
      assert.ok(found.some(({ rule }) => rule === 'enumeration'))
      assert.deepEqual(new Set(found.map(({ caller }) => caller)), new Set(['k_research']))
    }
  })
})
