// Proves which place a URL stands for: what the operator says of the host that it names most exactly.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { labelText, tenantScope } from '@hardened-mcp/security-core'
import { flow } from './policy.ts'
import { resources } from './resources.ts'

const granted = resources.parse({
  allow: [
    '*',
    { host: '*.partner.example.com', label: { secrecy: 'private' } },
    { host: 'open.partner.example.com', label: { secrecy: 'public', integrity: 'trusted' } },
    { host: 'docs.example.com', paths: ['/signed'], label: { integrity: 'trusted' } },
    { host: 'docs.example.com', paths: ['/forum'] },
    { host: 'quiet.partner.example.com', methods: ['GET', 'POST'] },
  ],
  internal: [
    { host: 'wiki.corp', cidr: '10.1.2.3', port: 443 },
    { host: 'status.corp', cidr: '10.1.2.4', port: 443, label: { secrecy: 'public' } },
  ],
})

suite('flow()', () => {
  const rows = [
    ['https://anywhere.org/', 'untrusted', 'what nobody speaks of is the public web'],
    ['https://a.partner.example.com/', 'private,untrusted', 'the wildcard that says it'],
    ['https://open.partner.example.com/', '', 'the exact name before the wildcard'],
    ['https://quiet.partner.example.com/', 'private,untrusted', 'an entry that says nothing leaves it to the next'],
    ['https://docs.example.com/signed/x', '', 'the entry that opens the path'],
    ['https://docs.example.com/forum/x', 'untrusted', 'and no other of the same host'],
    ['https://wiki.corp/', 'private,untrusted', 'what is inside is not for everybody'],
    ['https://status.corp/', 'untrusted', 'unless the operator says so'],
    ['not a URL', 'untrusted', 'what cannot be read is refused by the policies before'],
  ] as const
  for (const [url, expected, because] of rows)
    test(`${url}: ${because}`, () => {
      const { reads, into } = flow(granted)(
        { op: 'fetch', tenant: tenantScope('acme'), method: 'GET', url, format: 'markdown', start: 0, length: 100 },
        {} as never,
      ) ?? { reads: undefined }
      assert.equal(reads && labelText(reads), expected)
      assert.deepEqual(into, reads, 'a request carries its URL to where the answer comes from')
    })
})
