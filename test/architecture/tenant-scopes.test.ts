// Whose data it is: every look-up of a server demands the scope of a tenant, as the compiler checks in a table here, and few may make one.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { TenantScope } from '@hardened-mcp/security-core'
import { isTestCode, sourceFiles } from './source-files.ts'
import type { guard, Snapshot } from '../../servers/db-query/guard.ts'
import type { Guards } from '../../servers/db-query/guards.ts'
import type { mayUse } from '../../servers/db-query/policy.ts'
import type { DatabaseGrant, ParserMode } from '../../servers/db-query/resources.ts'
import type { opensTenant, Terms } from '../../servers/fetch/allow-entry.ts'
import type { pageKey } from '../../servers/fetch/page-key.ts'
import type { UrlJudge } from '../../servers/fetch/policy.ts'
import type { belongsTo, Locate } from '../../servers/file/policy.ts'
import type { RootGrant } from '../../servers/file/resources.ts'

const MAKERS = {
  'packages/security-core/src/identity/principal.ts': 'the caller of a verified credential',
  'packages/security-core/src/identity/tenant-scope.ts': 'an operation that was cleared, on its way into a worker',
}
const CAST = /\bas\s+(?:unknown\s+as\s+)?(?:[\w.]+\.)?TenantScope\b|<\s*TenantScope\s*>\s*[\w({['"`]/

type Verdict<LookUp extends (...args: never[]) => unknown, Given extends readonly unknown[]> =
  Given extends Parameters<LookUp> ? 'taken' : 'refused'
type Of<Tenant> = { tenant: Tenant; id: string }
type Page<Tenant> = Omit<Parameters<typeof pageKey>[0], 'tenant'> & { tenant: Tenant }

/** What the compiler says of each look-up for text, for nobody, and for a scope: another verdict does not compile. */
type LookUps = {
  'a database': [
    Verdict<Guards['of'], [string, Of<string>]>,
    Verdict<Guards['of'], [string]>,
    Verdict<Guards['of'], [string, Of<TenantScope>]>,
  ]
  'the list of databases': [
    Verdict<Guards['names'], [Of<string>]>,
    Verdict<Guards['names'], [{ id: string }]>,
    Verdict<Guards['names'], [Of<TenantScope>]>,
  ]
  'the rows of a database': [
    Verdict<typeof guard, [DatabaseGrant, ParserMode, string]>,
    Verdict<typeof guard, [DatabaseGrant, ParserMode]>,
    Verdict<typeof guard, [DatabaseGrant, ParserMode, TenantScope]>,
  ]
  'what was judged of a text': [
    Verdict<Snapshot['judge'], [string, string]>,
    Verdict<Snapshot['judge'], [string]>,
    Verdict<Snapshot['judge'], [string, TenantScope]>,
  ]
  'a grant': [
    Verdict<typeof mayUse, [DatabaseGrant, Of<string>]>,
    Verdict<typeof mayUse, [DatabaseGrant]>,
    Verdict<typeof mayUse, [DatabaseGrant, Of<TenantScope>]>,
  ]
  'a host': [
    Verdict<UrlJudge, [string, { tenant: string; method: 'GET' }]>,
    Verdict<UrlJudge, [string, { tenant: undefined; method: 'GET' }]>,
    Verdict<UrlJudge, [string, { tenant: TenantScope; method: 'GET' }]>,
  ]
  'an entry of the list': [
    Verdict<typeof opensTenant, [Terms, string]>,
    Verdict<typeof opensTenant, [Terms, undefined]>,
    Verdict<typeof opensTenant, [Terms, TenantScope]>,
  ]
  'a cached page': [
    Verdict<typeof pageKey, [Page<string>]>,
    Verdict<typeof pageKey, [Page<undefined>]>,
    Verdict<typeof pageKey, [Page<TenantScope>]>,
  ]
  // A path of nobody is looked for among the roots that are everybody's.
  'a path': [
    Verdict<Locate, [string, { tenant: string }]>,
    Verdict<Locate, [string]>,
    Verdict<Locate, [string, { tenant: TenantScope }]>,
  ]
  'a root': [
    Verdict<typeof belongsTo, [RootGrant, string]>,
    Verdict<typeof belongsTo, [RootGrant]>,
    Verdict<typeof belongsTo, [RootGrant, TenantScope]>,
  ]
}
const ASKS = ['refused', 'refused', 'taken'] as const
const LOOK_UPS: LookUps = {
  'a database': [...ASKS],
  'the list of databases': [...ASKS],
  'the rows of a database': [...ASKS],
  'what was judged of a text': [...ASKS],
  'a grant': [...ASKS],
  'a host': [...ASKS],
  'an entry of the list': [...ASKS],
  'a cached page': [...ASKS],
  'a path': [...ASKS],
  'a root': [...ASKS],
}

suite('scopes of tenants', () => {
  const files = sourceFiles().filter(({ path }) => !isTestCode(path))
  test('are asked for by every look-up: the table above would not compile otherwise', () =>
    assert.equal(Object.keys(LOOK_UPS).length, 10))

  test('are made in two places, by one cast', () => {
    const makers = files.filter(({ text }) => /\btenantScope\(|transform\(tenantScope\)/.test(text))
    assert.deepEqual(makers.map(({ path }) => path).toSorted(), Object.keys(MAKERS))
    const casts = files.filter(({ text }) => CAST.test(text)).map(({ path }) => path)
    assert.deepEqual(casts, ['packages/security-core/src/identity/tenant-scope.ts'])
  })
  for (const forgery of ['x as TenantScope', 'x as unknown as TenantScope', 'x as core.TenantScope', '<TenantScope>x'])
    test(`${forgery} is seen`, () => assert.match(forgery, CAST))
})
