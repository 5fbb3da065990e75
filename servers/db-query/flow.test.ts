// Proves which label rows carry: that of their database, or of all that the caller could have listed.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { labelText, tenantScope } from '@hardened-mcp/security-core'
import { flow } from './flow.ts'
import { resources } from './resources.ts'

const database = (name: string, over: object = {}) => ({ name, file: `/srv/${name}.sqlite`, tables: '*', ...over })
const granted = resources.parse({
  databases: [
    database('shop', { label: { integrity: 'trusted', secrecy: 'public' } }),
    database('people', { label: { integrity: 'trusted' }, tenants: ['acme'] }),
    database('tickets', { tenants: ['acme'], callers: ['agent-9'] }),
  ],
})

suite('flow()', () => {
  const rows = [
    ['globex', 'agent-1', 'shop', ''],
    ['acme', 'agent-1', 'people', 'private'],
    ['acme', 'agent-9', 'tickets', 'private,untrusted'],
    ['globex', 'agent-1', undefined, ''],
    ['acme', 'agent-1', undefined, 'private'],
    ['acme', 'agent-9', undefined, 'private,untrusted'],
  ] as const
  for (const [tenant, id, name, expected] of rows)
    test(`${id} of ${tenant}, ${name ?? 'all databases'}: ${expected || 'clean'}`, () => {
      const { reads, into } = flow(granted)(
        {
          op: 'list_tables',
          caller: { tenant: tenantScope(tenant), id },
          detail: 'names',
          ...(name === undefined ? {} : { database: name }),
        },
        {} as never,
      ) ?? { reads: undefined }
      assert.equal(reads && labelText(reads), expected)
      assert.equal(into, undefined)
    })
})
