// Both sides of every boundary of the special-purpose blocks, and texts that are no addresses.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import vectors from '../../../../../test/vectors/urls/addresses.json' with { type: 'json' }
import { isInside, isPublicAddress } from './public-address.ts'

suite('isPublicAddress()', () => {
  for (const { given, expect, because } of vectors) {
    test(`${JSON.stringify(given)} is ${expect}: ${because}`, () => {
      assert.equal(isPublicAddress(given), expect === 'public')
    })
  }

  test('refuses every IPv4 address in every embedding', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.constantFrom('::ffff:', '::', '64:ff9b::', '::ffff:0:'), (v4, prefix) => {
        assert.equal(isPublicAddress(prefix + v4), false)
      }),
    )
  })

  test('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof isPublicAddress(text) === 'boolean'))
  })
})

suite('isInside()', () => {
  const rows = [
    ['127.0.0.1', '127.0.0.1', 32, true],
    ['127.0.0.2', '127.0.0.1', 32, false],
    ['10.1.2.255', '10.1.2.0', 24, true],
    ['10.1.3.0', '10.1.2.0', 24, false],
    ['::1', '::1', 128, true],
    ['::2', '::1', 128, false],
    ['fd00::1', 'fd00::', 64, true],
    ['fd00:0:0:1::', 'fd00::', 64, false],
    ['::ffff:127.0.0.1', '127.0.0.1', 32, false],
    ['fe80::1%lo', 'fe80::', 64, false],
    ['name', '127.0.0.1', 32, false],
  ] as const
  for (const [text, network, prefix, expected] of rows)
    test(`${text} in ${network}/${prefix}: ${expected}`, () => assert.equal(isInside(text, network, prefix), expected))
})
