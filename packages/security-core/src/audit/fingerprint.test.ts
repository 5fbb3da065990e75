// Proves that argument hashes are HMAC-SHA-256 under a key of each tenant's own, as FORMAT.md says.
import assert from 'node:assert/strict'
import { createHmac, hkdfSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { fingerprint } from './fingerprint.ts'

const MASTER = Buffer.alloc(32, 7)

suite('fingerprint()', () => {
  test('is what FORMAT.md describes, computed here step by step', () => {
    const info = Buffer.concat([
      Buffer.from('hardened-mcp audit v1 arguments'),
      Buffer.from([0]),
      Buffer.from('"acme"'),
    ])
    const key = Buffer.from(hkdfSync('sha256', MASTER, Buffer.alloc(0), info, 32))
    const expected = createHmac('sha256', key).update('{"a":"é","b":1}', 'utf8').digest('hex')
    assert.equal(fingerprint(MASTER)('acme', { b: 1, a: 'é' }), expected)
    assert.match(expected, /^[0-9a-f]{64}$/)
  })

  test('stays the same from release to release', () => {
    assert.equal(
      fingerprint(MASTER)('acme', { sql: 'SELECT 1' }),
      '63935ba4801592c1ce403b65ea98cb517c34fcc22c2e092a6496b6095c530c83',
    )
  })

  test('differs by value, by tenant and by master key, and not by spelling', () => {
    const of = fingerprint(MASTER)
    const seen = new Set([
      of('acme', { id: 123_456 }),
      of('acme', { id: 123_457 }),
      of('acme', { id: '123456' }),
      of('umbrella', { id: 123_456 }),
      of('', { id: 123_456 }),
      of('acme\0', { id: 123_456 }),
      fingerprint(Buffer.alloc(32, 8))('acme', { id: 123_456 }),
    ])
    assert.equal(seen.size, 7)
    assert.equal(of('acme', { a: 1, b: 2 }), of('acme', { b: 2.0, a: 1 }))
  })

  test('gives the same hash after more tenants than it holds keys for', () => {
    const of = fingerprint(MASTER)
    const before = of('acme', 1)
    for (let tenant = 0; tenant < 1_500; tenant += 1) of(`tenant-${tenant}`, 1)
    assert.equal(of('acme', 1), before)
  })

  for (const bytes of [0, 31, 33])
    test(`refuses a master key of ${bytes} bytes`, () => {
      assert.throws(() => fingerprint(Buffer.alloc(bytes)), RangeError)
    })
})
