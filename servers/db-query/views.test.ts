// Proves which URIs are resources of db-query, and which tool call each of them is.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { tenantScope } from '@hardened-mcp/security-core'
import { resources } from './resources.ts'
import { views } from './views.ts'

const granted = resources.parse({ databases: [{ name: 'shop', file: '/data/shop.sqlite', tables: '*' }] })
const { listed, resolve } = views(granted)

suite('views()', () => {
  test('lists one schema for each database', () => {
    assert.deepEqual(
      listed.map(({ uri }) => uri),
      ['db://shop/schema'],
    )
  })

  test('a database of some tenants or callers is listed to them alone', () => {
    const own = { name: 'own', file: '/data/own.sqlite', tables: '*', tenants: ['acme'], callers: ['k_1'] }
    const [view] = views(resources.parse({ databases: [own] })).listed
    const seen = (tenant: string, id: string) => view?.shownTo?.({ tenant: tenantScope(tenant), id })
    assert.deepEqual([seen('acme', 'k_1'), seen('acme', 'k_2'), seen('globex', 'k_1')], [true, false, false])
  })

  test('a database of some roles is listed to those who have one of them', () => {
    const own = { name: 'own', file: '/data/own.sqlite', tables: '*', roles: ['analyst'] }
    const [view] = views(resources.parse({ databases: [own] })).listed
    const seen = (...roles: string[]) =>
      view?.shownTo?.({ tenant: tenantScope('acme'), id: 'k_1', roles: new Set(roles) })
    assert.deepEqual([seen('analyst'), seen('other'), seen()], [true, false, false])
  })

  const ROWS: readonly [uri: string, call: unknown][] = [
    ['db://shop/schema', { tool: 'list_tables', arguments: { database: 'shop', detail: 'full' } }],
    ['db://shop/schema/orders', { tool: 'describe_table', arguments: { database: 'shop', table: 'orders' } }],
    ['db://shop/schema/two%20words', { tool: 'describe_table', arguments: { database: 'shop', table: 'two words' } }],
    ['db://shop/schema/%2561', { tool: 'describe_table', arguments: { database: 'shop', table: '%61' } }],
    // Judged by the tool, as any other name: a database that is not granted is resolved and then refused.
    ['db://other/schema', { tool: 'list_tables', arguments: { database: 'other', detail: 'full' } }],
    ['db://shop/schema/', undefined],
    ['db://shop/schema/a/b', undefined],
    ['db://shop/schema/%', undefined],
    ['db://shop/schema?x=1', undefined],
    ['db://shop', undefined],
    ['DB://shop/schema', undefined],
    ['db://shop@other/schema', undefined],
    [' db://shop/schema', undefined],
    ['file:///etc/passwd', undefined],
  ]
  for (const [uri, call] of ROWS) test(`reads ${uri} as it should`, () => assert.deepEqual(resolve(uri), call))
})
