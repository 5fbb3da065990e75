// The front's own rules: databases that were granted, and text that every reader sees alike.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type TenantScope, tenantScope } from '@hardened-mcp/security-core'
import type { Operation, Params } from './operations.ts'
import { exposedDatabases, frontGate, sameCaller } from './policy.ts'
import { resources } from './resources.ts'
import { callerOf } from './tools.ts'

const CALLER = { tenant: tenantScope('acme'), id: 'agent' }
const call = { caller: CALLER } as Parameters<typeof frontGate>[1]
const query = (sql: string, params: Params = []): Operation => ({
  op: 'query',
  caller: CALLER,
  format: 'json',
  database: 'shop',
  sql,
  params,
  maxRows: 1,
})
const gate = (sql: string, params?: Params) => frontGate(query(sql, params), call).verdict

suite('frontGate()', () => {
  const rows: readonly (readonly [string, 'allow' | 'deny'])[] = [
    ['SELECT\t1\r\n', 'allow'],
    ['SELECT 1\u0000', 'deny'],
    ['SELECT 1\u0008', 'deny'],
    ['SELECT\u000b1', 'deny'],
    ['SELECT\u000c1', 'deny'],
    ['SELECT 1\u001f', 'deny'],
    ['SELECT 1\u0020', 'allow'],
    ["SELECT '~\u007e'", 'allow'],
    ["SELECT '\u007f'", 'deny'],
    ["SELECT '\u009f'", 'deny'],
    ["SELECT '\u00a0'", 'allow'],
    ["SELECT '\u200d'", 'allow'],
    ["SELECT '\u200e'", 'deny'],
    ["SELECT '\u200f'", 'deny'],
    ["SELECT '\u2010'", 'allow'],
    ["SELECT '\u2029'", 'allow'],
    ["SELECT '\u202a'", 'deny'],
    ["SELECT '\u202e'", 'deny'],
    ["SELECT '\u202f'", 'allow'],
    ["SELECT '\u2065'", 'allow'],
    ["SELECT '\u2066'", 'deny'],
    ["SELECT '\u2069'", 'deny'],
    ["SELECT '\u206a'", 'allow'],
    ["SELECT '\u061c'", 'deny'],
    ["SELECT '\ufeff'", 'deny'],
    ["SELECT '\ud83d\ude00'", 'allow'],
    ["SELECT '\ud83d'", 'deny'],
    ["SELECT '\ude00'", 'deny'],
    ["SELECT 'שלום'", 'allow'],
  ]
  for (const [sql, verdict] of rows) test(`${verdict} ${JSON.stringify(sql)}`, () => assert.equal(gate(sql), verdict))

  test('bounds the parameters in bytes, on both sides', () => {
    assert.equal(gate('SELECT ?', ['x'.repeat(65_535)]), 'allow') // and one byte for its place
    assert.equal(gate('SELECT ?', ['x'.repeat(65_536)]), 'deny')
    assert.equal(gate('SELECT ?', ['é'.repeat(32_768)]), 'deny')
    assert.equal(gate('SELECT ?, ?', [{ blob_base64: 'A'.repeat(40_000) }, 'x'.repeat(40_000)]), 'deny')
  })
  test('parameters may hold what SQL may not, but no lone surrogate', () => {
    assert.equal(gate('SELECT ?', ['\u0000\u202e--;']), 'allow')
    assert.equal(gate('SELECT ?', ['\ud800']), 'deny')
    assert.equal(gate('SELECT :a', { a: '\udc00' }), 'deny')
  })
})

suite('exposedDatabases()', () => {
  const grant = (name: string) => ({ name, file: '/srv/x.db', tables: '*' as const })
  const policy = exposedDatabases({ databases: [grant('shop'), grant('crm')] })
  const judged = (operation: Operation) => policy(operation, call)
  test('allows granted databases by their exact name', () => {
    assert.equal(judged(query('SELECT 1')).verdict, 'allow')
    assert.equal(judged({ op: 'list_tables', caller: CALLER, detail: 'names' }).verdict, 'allow')
    assert.equal(judged({ op: 'describe_table', caller: CALLER, database: 'crm', table: 'x' }).verdict, 'allow')
    for (const database of ['Shop', 'shop ', '', 'other', '__proto__', '/srv/x.db'])
      assert.deepEqual(
        { ...judged({ op: 'list_tables', caller: CALLER, detail: 'names', database }) },
        {
          verdict: 'deny',
          code: 'policy_denied',
          reason: 'The database is not granted',
          detail: { says: 'No database of that name is available' },
        },
      )
  })
  test('allows nothing when nothing was granted', () => {
    const none = exposedDatabases({ databases: [] })
    assert.equal(none({ op: 'list_tables', caller: CALLER, detail: 'names' }, call).verdict, 'deny')
    assert.equal(none(query('SELECT 1'), call).verdict, 'deny')
  })
})

suite('sameCaller()', () => {
  test('refuses an operation that names another caller than its call', () => {
    assert.equal(sameCaller(query('SELECT 1'), call).verdict, 'allow')
    for (const caller of [
      { tenant: tenantScope('other'), id: 'agent' },
      { tenant: tenantScope('acme'), id: 'other' },
    ])
      assert.equal(sameCaller({ ...query('SELECT 1'), caller }, call).verdict, 'deny')
  })
})

suite('databases for some', () => {
  const some = { name: 'some', file: '/srv/x.db', tables: '*' as const, tenants: ['acme'], callers: ['agent', 'cron'] }
  const policy = exposedDatabases({ databases: [some] })
  const asks = (tenant: string, id: string, database?: string): string => {
    const operation: Operation = { op: 'list_tables', caller: { tenant: tenant as TenantScope, id }, detail: 'names' }
    return policy(database === undefined ? operation : { ...operation, database }, call).verdict
  }
  test('are there for the tenants and callers that are named, and for nobody else', () => {
    assert.equal(asks('acme', 'agent', 'some'), 'allow')
    assert.equal(asks('acme', 'cron'), 'allow')
    for (const [tenant, id] of [
      ['acme', 'other'],
      ['other', 'agent'],
      ['ACME', 'agent'],
    ] as const)
      for (const database of ['some', undefined]) assert.equal(asks(tenant, id, database), 'deny')
  })
})

suite('databases for some roles', () => {
  const some = {
    name: 'some',
    file: '/srv/x.db',
    tables: '*' as const,
    tenants: ['acme'],
    roles: ['analyst', 'auditor'],
  }
  const policy = exposedDatabases({ databases: [some] })
  const asks = (name: string, roles?: string[]) => {
    const tenant = tenantScope(name)
    const caller = roles === undefined ? { tenant, id: 'agent' } : { tenant, id: 'agent', roles }
    return policy({ op: 'list_tables', caller, detail: 'names', database: 'some' }, call).verdict
  }
  for (const [tenant, roles, verdict] of [
    ['acme', ['analyst'], 'allow'],
    ['acme', ['auditor', 'other'], 'allow'],
    ['acme', ['Analyst'], 'deny'],
    ['acme', [], 'deny'],
    ['acme', undefined, 'deny'],
    ['globex', ['analyst'], 'deny'], // every key that is given has to hold
  ] as const)
    test(`${verdict} ${tenant} with ${JSON.stringify(roles)}`, () =>
      assert.equal(asks(tenant, roles && [...roles]), verdict))

  test('an operation has the roles of its call and no other', () => {
    const caller = { ...CALLER, roles: ['analyst'] }
    const planned: Operation = { op: 'list_tables', caller, detail: 'names' }
    const by = (roles?: ReadonlySet<string>) =>
      sameCaller(planned, { caller: roles === undefined ? CALLER : { ...CALLER, roles } } as typeof call).verdict
    assert.equal(by(new Set(['analyst', 'more'])), 'allow')
    assert.equal(by(new Set(['auditor'])), 'deny')
    assert.equal(by(), 'deny')
    assert.deepEqual(callerOf({ ...CALLER, roles: new Set(['b', 'a']) }), { ...CALLER, roles: ['a', 'b'] })
    assert.deepEqual(callerOf({ ...CALLER, roles: new Set() }), CALLER)
  })
})

suite('resources', () => {
  const database = { name: 'shop', file: '/srv/shop.db', tables: { orders: { columns: ['id'] }, products: {} } }
  const accepts = (value: unknown) => resources.safeParse(value).success
  test('takes strict grants and fills in the rest', () => {
    const filled = { parser: 'veto', queries: [], work_seconds_per_minute: 90 }
    assert.deepEqual(resources.parse({ databases: [database] }), { databases: [database], ...filled })
    assert.ok(accepts({ databases: [], parser: 'require' }))
  })
  for (const [why, value] of [
    ['relative file', { databases: [{ ...database, file: 'shop.db' }] }],
    ['in-memory file', { databases: [{ ...database, file: ':memory:' }] }],
    ['URI file', { databases: [{ ...database, file: 'file:/srv/shop.db?mode=rwc' }] }],
    ['trailing space', { databases: [{ ...database, file: '/srv/shop.db ' }] }],
    ['unknown key', { databases: [{ ...database, write: true }] }],
    ['unknown table key', { databases: [{ ...database, tables: { orders: { colums: ['id'] } } }] }],
    ['no columns', { databases: [{ ...database, tables: { orders: { columns: [] } } }] }],
    ['other wildcard', { databases: [{ ...database, tables: '%' }] }],
    ['same name twice', { databases: [database, { ...database, name: 'SHOP' }] }],
    ['unknown parser mode', { databases: [database], parser: 'maybe' }],
    ['no role', { databases: [{ ...database, roles: [] }] }],
    ['a function that no query may call', { databases: [{ ...database, functions: ['count', 'load_extension'] }] }],
    ['missing tables', { databases: [{ name: 'shop', file: '/srv/shop.db' }] }],
  ] as const)
    test(`refuses ${why}`, () => assert.equal(accepts(value), false))
})
