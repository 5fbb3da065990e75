// Keys that may have signed a token are taken; every other key of a set is left out, and an ambiguous set is refused.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { keySet } from './key-set.ts'

type Jwk = Record<string, unknown>
const publicOf = (pair: { publicKey: { export(options: { format: 'jwk' }): object } }) =>
  pair.publicKey.export({ format: 'jwk' }) as Jwk
const rsaPair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const rsa = publicOf(rsaPair)
const ec = publicOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }))
const p384 = publicOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }))
const ed = publicOf(generateKeyPairSync('ed25519'))
const weak = publicOf(generateKeyPairSync('rsa', { modulusLength: 1024 }))
const short = publicOf(generateKeyPairSync('rsa', { modulusLength: 2040 }))
const padded = {
  ...weak,
  n: Buffer.concat([Buffer.alloc(128), Buffer.from(String(weak['n']), 'base64url')]).toString('base64url'),
}
const privateRsa = rsaPair.privateKey.export({ format: 'jwk' })
const good = { ...ec, kid: 'good', alg: 'ES256' }

const idsOf = async (...keys: unknown[]) => [...(await keySet({ keys }, ['RS256', 'ES256', 'EdDSA'])).keys()]

const ROWS: readonly [because: string, key: Jwk, taken: boolean][] = [
  ['RSA with its algorithm', { ...rsa, alg: 'RS256' }, true],
  ['RSA without one, where only one fits', { ...rsa }, true],
  ['RSA for signatures', { ...rsa, use: 'sig' }, true],
  ['RSA that may verify', { ...rsa, key_ops: ['verify'] }, true],
  ['P-256', { ...ec, alg: 'ES256' }, true],
  ['Ed25519', { ...ed, alg: 'EdDSA' }, true],
  ['RSA for encryption', { ...rsa, use: 'enc' }, false],
  ['RSA that may only encrypt', { ...rsa, key_ops: ['encrypt'] }, false],
  ['operations that are text', { ...rsa, key_ops: 'verify' }, false],
  ['an algorithm outside the list', { ...rsa, alg: 'PS256' }, false],
  ['an encryption algorithm', { ...rsa, alg: 'RSA-OAEP' }, false],
  ['an algorithm of another kind of key', { ...rsa, alg: 'ES256' }, false],
  ['an HMAC algorithm on RSA', { ...rsa, alg: 'HS256' }, false],
  ['alg none', { ...rsa, alg: 'none' }, false],
  ['1024 bits', { ...weak, alg: 'RS256' }, false],
  ['2040 bits', { ...short, alg: 'RS256' }, false],
  ['1024 bits behind leading zeros', { ...padded, alg: 'RS256' }, false],
  ['16384 bits', { ...rsa, n: Buffer.alloc(2048, 0xff).toString('base64url'), alg: 'RS256' }, false],
  ['no modulus', { kty: 'RSA', e: 'AQAB', alg: 'RS256' }, false],
  ['a modulus that is a number', { ...rsa, n: 7 }, false],
  ['a private key', { ...privateRsa, alg: 'RS256' }, false],
  ['a public key with a private member left in', { ...ec, d: 'AA' }, false],
  ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }, false],
  ['a symmetric key that claims RS256', { kty: 'oct', k: 'c2VjcmV0', alg: 'RS256' }, false],
  ['P-384', { ...p384, alg: 'ES384' }, false],
  ['P-384 that claims ES256', { ...p384, alg: 'ES256' }, false],
  ['a point that is not on the curve', { ...ec, x: ec['y'], alg: 'ES256' }, false],
  ['no kind', { alg: 'RS256' }, false],
]

suite('keySet()', () => {
  for (const [because, key, taken] of ROWS)
    test(`${taken ? 'takes' : 'leaves out'} ${because}`, async () =>
      assert.deepEqual(await idsOf(good, { kid: 'asked', ...key }), taken ? ['good', 'asked'] : ['good']))

  for (const kid of [undefined, '', 7, null, 'x'.repeat(257)])
    test(`leaves out a key with the kid ${String(kid).slice(0, 9)}`, async () =>
      assert.deepEqual(await idsOf(good, { ...rsa, kid }), ['good']))

  const WHOLE: readonly [because: string, value: unknown][] = [
    ['no set', null],
    ['a list', [good]],
    ['no keys', {}],
    ['an empty list', { keys: [] }],
    ['33 keys', { keys: Array.from({ length: 33 }, (_, n) => ({ ...ec, kid: `k${n}` })) }],
    ['a key that is text', { keys: ['key'] }],
    ['one kid twice', { keys: [good, { ...rsa, kid: 'good' }] }],
    ['one kid twice, of which one is unusable', { keys: [good, { ...weak, kid: 'good' }] }],
    ['nothing that can be used', { keys: [{ ...weak, kid: 'weak' }] }],
  ]
  for (const [because, value] of WHOLE)
    test(`refuses the set: ${because}`, () => assert.rejects(keySet(value, ['RS256', 'ES256']), RangeError))

  test('gives each key one algorithm: none where two would fit', async () => {
    const set = await keySet({ keys: [good, { ...rsa, kid: 'rsa' }] }, ['RS256', 'PS256', 'ES256'])
    assert.deepEqual(
      [...set].map(([kid, { alg }]) => [kid, alg]),
      [['good', 'ES256']],
    )
  })
})
