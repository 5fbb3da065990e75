// Proves that a caller is whole before it goes anywhere.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Capability } from '../types.ts'
import { principal } from './principal.ts'

const from = (over: object) => principal({ id: 'agent-1', tenant: 'acme', auth: 'api_key', can: [], ...over })

suite('principal()', () => {
  for (const id of ['a', 'agent-1', 'user@example.com', 'https:issuer:sub', 'A'.repeat(128)])
    test(`takes the id ${id.slice(0, 20)}`, () => assert.equal(from({ id }).id, id))
  for (const id of ['', '-a', '.', 'a b', 'a\n', 'a\r\nb', 'ä', 'a/b', 'a\u202e', '"', 'A'.repeat(129)])
    test(`refuses the id ${JSON.stringify(id).slice(0, 20)}`, () => assert.throws(() => from({ id }), RangeError))

  for (const tenant of ['acme', '0', 'a_b-c', 'a'.repeat(63)])
    test(`takes the tenant ${tenant.slice(0, 20)}`, () => assert.equal(from({ tenant }).tenant, tenant))
  for (const tenant of ['', 'Acme', '..', 'a/b', '-a', 'a.b', 'a\n', 'a\0', 'a'.repeat(64)])
    test(`refuses the tenant ${JSON.stringify(tenant).slice(0, 20)}`, () =>
      assert.throws(() => from({ tenant }), RangeError))

  test('keeps the capabilities it knows and drops every other word', () => {
    const can = ['tool:read_only', 'tool:*', '*', 'TOOL:WRITE', 'admin'] as Capability[]
    assert.deepEqual([...from({ can }).can], ['tool:read_only'])
  })

  test('holds nothing unless something was given', () => {
    assert.equal(from({}).can.size, 0)
  })

  test('does not follow later changes of the set it was given', () => {
    const given = new Set<Capability>(['tool:read_only'])
    const caller = from({ can: given })
    given.add('tool:write')
    assert.deepEqual([...caller.can], ['tool:read_only'])
    assert.ok(Object.isFrozen(caller))
  })
})
