// Proves that a scope means what the operator wrote for it, and that a challenge asks for no more than a call needs.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { CAPABILITIES, type Capability } from '../types.ts'
import { scopeTable } from './scopes.ts'

const table = scopeTable(
  {
    'db:read': ['tool:read_only', 'resource:local'],
    'db:write': ['tool:write', 'resource:local'],
    'db:admin': [],
    net: ['tool:network', 'resource:remote', 'tool:read_only'],
  },
  { 'db:admin': ['db:write'], 'db:write': ['db:read'] },
)
const can = (...scopes: string[]) => [...table.capabilitiesOf(scopes)].toSorted()

suite('scopeTable()', () => {
  const ROWS: readonly [because: string, scopes: string[], can: readonly string[]][] = [
    ['no scope', [], []],
    ['one scope', ['db:read'], ['resource:local', 'tool:read_only']],
    ['a scope of two levels', ['db:admin'], ['resource:local', 'tool:read_only', 'tool:write']],
    ['an unknown scope', ['db:delete'], []],
    ['another case', ['DB:READ'], []],
    ['a prefix', ['db:rea'], []],
    ['a longer word', ['db:readwrite'], []],
    ['a star', ['*', 'db:*'], []],
    ['a capability in place of a scope', ['tool:write'], []],
    ['a name of Object.prototype', ['__proto__', 'constructor', 'toString'], []],
    ['two scopes', ['net', 'db:read'], ['resource:local', 'resource:remote', 'tool:network', 'tool:read_only']],
  ]
  for (const [because, scopes, expected] of ROWS)
    test(`grants what is written: ${because}`, () => assert.deepEqual(can(...scopes), expected))

  const NEEDS: readonly [needs: Capability[], scopes: string[] | undefined][] = [
    [['tool:read_only'], ['db:read']],
    [['tool:read_only', 'resource:local'], ['db:read']],
    [
      ['tool:read_only', 'tool:network'],
      ['db:read', 'net'],
    ],
    [['tool:network', 'tool:read_only'], ['net']],
    [['tool:write'], ['db:write']],
    [['tool:execute'], undefined],
    [['tool:read_only', 'tool:execute'], undefined],
    [[], []],
  ]
  for (const [needs, scopes] of NEEDS)
    test(`asks for ${scopes?.join(' ') ?? 'nothing that exists'} to cover ${needs.join(' ')}`, () =>
      assert.deepEqual(table.scopesFor(needs), scopes))

  const MISTAKES: readonly [because: string, ...Parameters<typeof scopeTable>, RegExp][] = [
    ['a circle of two', { a: [], b: [] }, { a: ['b'], b: ['a'] }, /implies itself/],
    ['itself', { a: [] }, { a: ['a'] }, /implies itself/],
    ['an implied scope that is not there', { a: [] }, { a: ['b'] }, /not in the list/],
    ['a hierarchy of a scope that is not there', { a: [] }, { b: ['a'] }, /not in the list/],
    ['an implied name of Object.prototype', { a: [] }, { a: ['constructor'] }, /not in the list/],
    ['a space', { 'a b': [] }, {}, /scope-token/],
    ['a quote', { 'a"': [] }, {}, /scope-token/],
    ['a backslash', { 'a\\': [] }, {}, /scope-token/],
    ['a line break', { 'a\n': [] }, {}, /scope-token/],
    ['an empty name', { '': [] }, {}, /scope-token/],
  ]
  for (const [because, grants, implies, expected] of MISTAKES)
    test(`refuses at start: ${because}`, () => assert.throws(() => scopeTable(grants, implies), expected))

  test('property: the scopes of a challenge are enough, and none of them is without use', () => {
    const grants = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.subarray([...CAPABILITIES]), { maxKeys: 6 })
    fc.assert(
      fc.property(grants, fc.subarray([...CAPABILITIES]), (grants, needs) => {
        const made = scopeTable(grants)
        const scopes = made.scopesFor(needs)
        const all = made.capabilitiesOf(made.supported)
        assert.equal(scopes === undefined, !needs.every((need) => all.has(need)))
        if (scopes === undefined) return
        const held = made.capabilitiesOf(scopes)
        assert.ok(needs.every((need) => held.has(need)))
        assert.ok(scopes.every((scope) => needs.some((need) => made.capabilitiesOf([scope]).has(need))))
      }),
    )
  })

  test('property: leaving a scope out never adds a capability', () => {
    fc.assert(
      fc.property(fc.subarray([...table.supported]), fc.subarray([...table.supported]), (some, more) => {
        const all = table.capabilitiesOf([...some, ...more])
        for (const capability of table.capabilitiesOf(some)) assert.ok(all.has(capability))
      }),
    )
  })
})
