// A tenant's scope is made of a name that is well-formed, by one function; text is none, whatever it holds.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aCaller } from '@hardened-mcp/testkit'
import { tenantField, type TenantScope, tenantScope } from './tenant-scope.ts'

suite('tenantScope()', () => {
  for (const name of ['acme', '0', 'a_b-c', 'a'.repeat(63)])
    test(`takes ${name}`, () => {
      assert.equal(tenantScope(name), name)
      assert.equal(tenantField.parse(name), name)
    })
  for (const name of ['', 'ACME', '../acme', 'a'.repeat(64), '-a', 'a b', 'a\n', 'acme/..', 'ａcme', '__proto__'])
    test(`refuses ${JSON.stringify(name)}`, () => {
      assert.throws(() => tenantScope(name), RangeError)
      assert.equal(tenantField.safeParse(name).success, false)
    })

  test('the scope of a caller is one', () => {
    const scope: TenantScope = aCaller([], 'agent-1', 'acme').tenant
    assert.equal(scope, 'acme')
  })
})
