// Proves which approval a call needs: the strongest of the rules that match, and none can lift what is no refusal of labels.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aCall, aCaller, aTool } from '@hardened-mcp/testkit'
import { allow, deny } from '../decision.ts'
import { type ApprovalRule, demandOf } from './rules.ts'

const rule = (over: Partial<ApprovalRule>): ApprovalRule => ({ when: 'always', strength: 'elicit', ...over })
const TAINTED = deny('tainted', 'What would arrive is private')
const call = aCall({ tool: aTool({ name: 'send' }), caller: { ...aCaller(), roles: new Set(['editor', 'reader']) } })
const demanded = (rules: readonly ApprovalRule[], gate = allow(), places: readonly string[] = ['site', 'notes']) =>
  demandOf(rules, call, places, gate)

suite('demandOf()', () => {
  const rows: readonly (readonly [because: string, found: unknown, expected: string | undefined])[] = [
    ['no rule, nothing is asked', demanded([]), undefined],
    ['a rule without conditions is for every call', demanded([rule({})]), 'elicit'],
    ['of another tool', demanded([rule({ tools: new Set(['read']) })]), undefined],
    ['of this tool', demanded([rule({ tools: new Set(['read', 'send']) })]), 'elicit'],
    ['of another role', demanded([rule({ roles: new Set(['guest']) })]), undefined],
    ['of one of the roles', demanded([rule({ roles: new Set(['guest', 'reader']) })]), 'elicit'],
    ['of another place', demanded([rule({ places: new Set(['web']) })]), undefined],
    ['of the place it comes from', demanded([rule({ places: new Set(['notes']) })]), 'elicit'],
    ['a place, where none is known', demanded([rule({ places: new Set(['web']) })], allow(), []), undefined],
    ['all conditions hold together', demanded([rule({ tools: new Set(['send']), roles: new Set(['x']) })]), undefined],
    ['the strongest, whatever the order', demanded([rule({ strength: 'operator' }), rule({})]), 'operator'],
    ['a rule for what is stopped, while nothing is', demanded([rule({ when: 'tainted' })]), undefined],
    ['what is stopped, with a way', demanded([rule({ when: 'tainted' })], TAINTED), 'elicit'],
    ['what is stopped, with a rule for every call alone', demanded([rule({})], TAINTED), undefined],
    [
      'what is stopped and needs more in any case',
      demanded([rule({ when: 'tainted' }), rule({ strength: 'operator' })], TAINTED),
      'operator',
    ],
    ['a way to the place it goes', demanded([rule({ when: 'tainted', places: new Set(['site']) })], TAINTED), 'elicit'],
    [
      'a way to where it comes from is none',
      demanded([rule({ when: 'tainted', places: new Set(['notes']) })], TAINTED),
      undefined,
    ],
    [
      'a refusal that is not of labels stands',
      demanded([rule({ when: 'tainted' })], deny('path_denied', 'No')),
      undefined,
    ],
  ]
  for (const [because, found, expected] of rows)
    test(because, () => assert.equal((found as { strength?: string } | undefined)?.strength, expected))

  test('the scopes of all rules of the strongest kind, each once', () => {
    const steps = ['a', 'b', 'a'].map((scope) => rule({ strength: 'step_up', scope }))
    assert.deepEqual(demanded([rule({}), ...steps]), { strength: 'step_up', scopes: ['a', 'b'] })
  })
})
