// A key is the documented text, its digest is all that is kept, and nothing but a key is read as one.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { crcDigits } from '@hardened-mcp/security-core'
import fc from 'fast-check'
import { bareKey, mintKey, storedForm } from './api-key.ts'

const ORDER = { name: 'agent', tenant: 'acme', can: ['tool:read_only'], now: 0, ttlMs: 60_000 } as const
const BARE = 'mcp_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'
const RAW = `${BARE}15kYUo`

// Worked out with Python's zlib and hashlib.
const VECTORS: readonly [string, string, string][] = [
  [`mcp_${'A'.repeat(43)}`, '3xQzSL', '9ce5115fd69f3e96e88542f8cf783153021c0252cda33013abb706fbfc40f160'],
  [BARE, '15kYUo', '9e8c255ac8cd145d67f6efe2fe793ea6397f2002582c1b9b5d7b2f30a0550447'],
  [`mcp_${'_'.repeat(42)}8`, '3Wzcjy', 'c86ae5321c21ce8a74d26582b1ce2bcf6277b57ada1893b9d54c46fffea62051'],
]

suite('mintKey()', () => {
  test('writes the documented form and keeps only the digest', () => {
    const { raw, record } = mintKey({
      ...ORDER,
      random: (bytes) => Buffer.from(Array.from({ length: bytes }, (_, n) => n)),
    })
    assert.equal(raw, RAW)
    assert.deepEqual(record, {
      id: 'k_000102030405',
      name: 'agent',
      tenant: 'acme',
      can: ['tool:read_only'],
      created: '1970-01-01T00:00:00.000Z',
      expires: '1970-01-01T00:01:00.000Z',
      hash: 'sha256:9e8c255ac8cd145d67f6efe2fe793ea6397f2002582c1b9b5d7b2f30a0550447',
    })
  })

  test('never mints the same key or id twice, and no record holds a part of its key', () => {
    const minted = Array.from({ length: 1000 }, () => mintKey(ORDER))
    assert.equal(new Set(minted.map(({ raw }) => raw)).size, 1000)
    assert.equal(new Set(minted.map(({ record }) => record.id)).size, 1000)
    for (const { raw, record } of minted) {
      assert.match(raw, /^mcp_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/)
      assert.ok(!JSON.stringify(record).includes(raw.slice(4, 16)))
    }
  })
})

suite('bareKey()', () => {
  for (const [bare, digits, sha256] of VECTORS)
    test(`reads ${bare.slice(0, 12)}… with and without its check digits`, () => {
      assert.equal(crcDigits(bare), digits)
      assert.equal(bareKey(bare), bare)
      assert.equal(bareKey(bare + digits), bare)
      assert.equal(storedForm(bare), `sha256:${sha256}`)
    })

  const refused: readonly [string, string][] = [
    ['', 'empty'],
    ['mcp_', 'prefix only'],
    [BARE.slice(0, -1), 'one character short'],
    [`${BARE}A`, 'one character more'],
    [RAW.slice(0, -1), 'five check digits'],
    [`${RAW}0`, 'seven check digits'],
    [`${BARE}15kYUp`, 'last check digit changed'],
    [`${BARE}15kyUo`, 'case of a check digit changed'],
    [`${BARE}      `, 'spaces for check digits'],
    [RAW.replace('AAEC', 'AAEB'), 'one character of the key changed'],
    [RAW.replace('mcp_', 'mcq_'), 'other prefix'],
    [RAW.replace('mcp_', 'MCP_'), 'prefix in capitals'],
    [BARE.replace('Hh8', 'Hh='), 'padding'],
    [BARE.replace('Hh8', 'Hh+'), 'alphabet of plain base64'],
    [BARE.replace('Hh8', 'Hh\n'), 'line break at the end'],
    [` ${BARE}`.slice(0, 47), 'space before'],
    [BARE.replace('A', 'Ａ'), 'full-width letter'],
  ]
  for (const [text, because] of refused) test(`refuses: ${because}`, () => assert.equal(bareKey(text), undefined))

  test('finds every single wrong character of a key with check digits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: RAW.length - 1 }), fc.constantFrom(...'AZaz09_-'), (at, other) => {
        fc.pre(RAW[at] !== other)
        assert.equal(bareKey(RAW.slice(0, at) + other + RAW.slice(at + 1)), undefined)
      }),
    )
  })
})
