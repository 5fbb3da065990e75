// Whose data it is: every look-up of a server demands the scope of a tenant (checked by the compiler below), and few may make one.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isTestCode, sourceFiles } from './source-files.ts'
import { type AllowEntry, opensTenant } from '../../servers/fetch/allow-entry.ts'
import { pageKey } from '../../servers/fetch/page-key.ts'
import type { UrlJudge } from '../../servers/fetch/policy.ts'
import type { guard } from '../../servers/db-query/guard.ts'
import type { Guards } from '../../servers/db-query/guards.ts'
import { mayUse } from '../../servers/db-query/policy.ts'
import type { Binding } from '../../servers/db-query/cursor.ts'
import { belongsTo, type Locate } from '../../servers/file/policy.ts'

const MAKERS = {
  'packages/security-core/src/identity/principal.ts': 'the caller of a verified credential',
  'packages/security-core/src/identity/tenant-scope.ts': 'an operation that was cleared, on its way into a worker',
}
const CAST = /\bas\s+(?:unknown\s+as\s+)?(?:[\w.]+\.)?TenantScope\b|<\s*TenantScope\s*>\s*[\w({['"`]/

/** Never runs: each line is a look-up that forgot the tenant, or made one up, and does not compile. */
function forgetful(
  ...[guards, guardOf, judge, locate]: readonly [Guards, typeof guard, UrlJudge, Locate, entry?: AllowEntry]
): void {
  // @ts-expect-error -- a database for a tenant that is only text
  guards.of('shop', { tenant: 'acme', id: 'agent' })
  // @ts-expect-error -- a database for nobody
  guards.of('shop')
  // @ts-expect-error -- the list of databases for a caller without tenant
  guards.names({ id: 'agent' })
  // @ts-expect-error -- rows of a tenant that is only text
  guardOf({ name: 'shop', file: '/x', tables: '*' }, 'off', 'acme')
  // @ts-expect-error -- a grant judged for text
  mayUse({ tenants: ['acme'] }, { tenant: 'acme', id: 'agent' })
  // @ts-expect-error -- a cursor bound to text
  void ({ caller: { tenant: 'acme', id: 'agent' }, database: 'shop', sql: '', params: [] } satisfies Binding)
  // @ts-expect-error -- a host judged for nobody
  judge('https://example.com', { method: 'GET' })
  // @ts-expect-error -- and for what is missing
  judge('https://example.com', { tenant: undefined, method: 'GET' })
  // @ts-expect-error -- and for text
  opensTenant({ tenants: ['acme'] }, 'acme')
  // @ts-expect-error -- a cached page of text
  pageKey({ op: 'fetch', tenant: 'acme', method: 'GET', url: '', format: 'text', start: 0, length: 1 })
  // @ts-expect-error -- a path among the roots of text
  locate('note.txt', { tenant: 'acme' })
  // @ts-expect-error -- and a root
  belongsTo({ tenants: ['acme'] }, 'acme')
}

suite('scopes of tenants', () => {
  const files = sourceFiles().filter(({ path }) => !isTestCode(path))
  test('are asked for by every look-up: the lines above do not compile', () =>
    assert.equal(typeof forgetful, 'function'))

  test('are made in two places, by one cast', () => {
    const makers = files.filter(({ text }) => /\btenantScope\(|transform\(tenantScope\)/.test(text))
    assert.deepEqual(makers.map(({ path }) => path).toSorted(), Object.keys(MAKERS))
    const casts = files.filter(({ text }) => CAST.test(text)).map(({ path }) => path)
    assert.deepEqual(casts, ['packages/security-core/src/identity/tenant-scope.ts'])
  })
  for (const forgery of ['x as TenantScope', 'x as unknown as TenantScope', 'x as core.TenantScope', '<TenantScope>x'])
    test(`${forgery} is seen`, () => assert.match(forgery, CAST))
})
