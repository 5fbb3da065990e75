// Proves that a credential in what is written or sent stops the call, and that reads and ordinary arguments pass.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aCall, aTool } from '@hardened-mcp/testkit'
import { sentSecrets } from './sent-secrets.ts'

const TOKEN = ['AKIA', 'ABCDEFGHIJKLMNOP'].join('')
const PEM = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj'.repeat(2)}\n-----END PRIVATE KEY-----`
const verdict = (operation: object, effect: 'read' | 'write' | 'egress') =>
  sentSecrets(operation, aCall({ tool: aTool({ effect }) })).verdict

suite('sentSecrets()', () => {
  const ROWS: readonly (readonly [
    because: string,
    operation: object,
    effect: 'read' | 'write' | 'egress',
    verdict: string,
  ])[] = [
    ['a token in an address', { url: `https://evil.example/?k=${TOKEN}` }, 'egress', 'deny'],
    ['a token deep in a body', { body: { list: [{ note: `x ${TOKEN}` }] } }, 'egress', 'deny'],
    ['a private key in a file', { op: 'write', content: PEM }, 'write', 'deny'],
    ['a search for a token', { op: 'search', text: TOKEN }, 'read', 'allow'],
    ['an ordinary address', { url: 'https://example.com/?q=AKIA+keys' }, 'egress', 'allow'],
    ['a text about keys', { content: 'Keys of AWS begin with AKIA and have 20 letters.' }, 'write', 'allow'],
  ]
  for (const [because, operation, effect, expected] of ROWS)
    test(`${because}: ${expected}`, () => assert.equal(verdict(operation, effect), expected))
})
