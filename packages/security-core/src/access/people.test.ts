// A caller may what server, credential, tenant and one role all allow; whoever is not written down may nothing.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Capability } from '../types.ts'
import { mayCall, type ServerCapabilityPolicy } from './capabilities.ts'
import type { People, RoleGrant } from './people.ts'

const READ: readonly Capability[] = ['tool:read_only', 'resource:local']
const grant = (tools: readonly string[], permissions: readonly Capability[] = READ): RoleGrant => ({
  allowed_tools: new Set(tools),
  permissions: new Set(permissions),
})
const ceiling = (
  tools: readonly string[],
  denied: readonly string[] = [],
  permissions = READ,
): ServerCapabilityPolicy => ({
  ...grant(tools, permissions),
  denied_tools: new Set(denied),
})
const people = (over: Partial<People> = {}): People => ({
  roles: new Map([
    ['analyst', grant(['query_sql'])],
    ['half', grant(['query_sql'], ['tool:read_only'])],
    ['other-half', grant(['query_sql'], ['resource:local'])],
    ['none', grant([])],
  ]),
  tenants: new Map([
    ['acme', ceiling(['query_sql', 'list_tables'])],
    ['strict', ceiling(['query_sql'], ['query_sql'])],
    ['poor', ceiling(['query_sql'], [], ['tool:read_only'])],
    ['empty', ceiling([])],
  ]),
  subjects: new Map([['acme', new Map([['corp:alice', new Set(['analyst'])]])]]),
  ...over,
})
const tool = { name: 'query_sql', needs: ['tool:read_only', 'resource:local'] } as const
type Row = readonly [
  because: string,
  verdict: 'allow' | 'deny',
  who: { id?: string; tenant?: string; roles?: readonly string[]; can?: readonly Capability[] },
]
const ROWS: readonly Row[] = [
  ['a subject with a role that grants it', 'allow', {}],
  ['the same name in another tenant', 'deny', { tenant: 'empty' }],
  ['another name', 'deny', { id: 'corp:alic' }],
  ['a tenant nobody wrote down', 'deny', { tenant: 'globex', roles: ['analyst'] }],
  ['a key that carries the role', 'allow', { id: 'k_000000000000', roles: ['analyst'] }],
  ['a key without a role', 'deny', { id: 'k_000000000000', roles: [] }],
  ['a role that the policy does not know', 'deny', { id: 'k_000000000000', roles: ['admin'] }],
  ['an unknown role beside a known one', 'allow', { id: 'k_000000000000', roles: ['admin', 'analyst'] }],
  ['a role that grants nothing', 'deny', { id: 'k_000000000000', roles: ['none'] }],
  ['two roles that each grant one half', 'deny', { id: 'k_000000000000', roles: ['half', 'other-half'] }],
  ['a name of every object as role', 'deny', { id: 'k_000000000000', roles: ['toString', '__proto__', 'constructor'] }],
  ['a tenant that denies the tool', 'deny', { tenant: 'strict', roles: ['analyst'] }],
  ['a tenant without one of the permissions', 'deny', { tenant: 'poor', roles: ['analyst'] }],
  ['a credential that holds one half', 'deny', { can: ['tool:read_only'] }],
]

suite('mayCall() with roles, tenants and subjects', () => {
  for (const [because, verdict, { id = 'corp:alice', tenant = 'acme', roles, can = READ }] of ROWS)
    test(`${because}: ${verdict}`, () => {
      const caller = { id, tenant, can: new Set(can), ...(roles === undefined ? {} : { roles: new Set(roles) }) }
      assert.equal(mayCall(tool, caller, { ...ceiling(['query_sql']), people: people() }).verdict, verdict)
      assert.equal(mayCall(tool, caller, { ...ceiling(['list_tables']), people: people() }).verdict, 'deny', 'server')
      assert.equal(
        mayCall(tool, caller, { ...ceiling(['query_sql']), people: people({ roles: new Map() }) }).verdict,
        'deny',
      )
      assert.equal(
        mayCall(tool, caller, { ...ceiling(['query_sql']), people: people({ tenants: new Map() }) }).verdict,
        'deny',
      )
    })

  test('says which step it was', () => {
    const caller = { id: 'corp:bob', tenant: 'acme', can: new Set(READ) }
    const decision = mayCall(tool, caller, { ...ceiling(['query_sql']), people: people() })
    assert.ok(decision.verdict === 'deny')
    assert.equal(decision.reason, 'The caller has no role')
  })
})
