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

suite('isPublicAddress() where the operator names a NAT64 prefix', () => {
  const rows = [
    ['64:ff9b::8.8.8.8', '64:ff9b::', 96, true],
    ['64:ff9b::127.0.0.1', '64:ff9b::', 96, false],
    ['64:ff9b::a9fe:a9fe', '64:ff9b::', 96, false],
    ['2001:67c:2b0:db32:0:1:a00:1', '2001:67c:2b0:db32:0:1::', 96, false],
    ['2001:67c:2b0:db32:0:1:808:808', '2001:67c:2b0:db32:0:1::', 96, true],
    ['2001:67c:808:808::', '2001:67c::', 32, true],
    ['2001:67c:7f00:1::', '2001:67c::', 32, false],
    ['2001:67c:2b08:808:8::', '2001:67c:2b00::', 40, true],
    ['2001:67c:2b7f:0:1::', '2001:67c:2b00::', 40, false],
    ['2001:67c:2b0:a00:0:100::', '2001:67c:2b0::', 48, false],
    ['2001:67c:2b0:808:8:800::', '2001:67c:2b0::', 48, true],
    ['2001:67c:2b0:db08:8:808::', '2001:67c:2b0:db00::', 56, true],
    ['2001:67c:2b0:db0a:0:1::', '2001:67c:2b0:db00::', 56, false],
    ['2001:67c:2b0:db32:8:808:800::', '2001:67c:2b0:db32::', 64, true],
    ['2001:67c:2b0:db32:7f:0:100::', '2001:67c:2b0:db32::', 64, false],
    ['2606:4700:4700::1111', '64:ff9b::', 96, true],
    ['64:ff9b::8.8.8.8%eth0', '64:ff9b::', 96, false],
    ['64:ff9b:1::8.8.8.8', '64:ff9b::', 96, false],
  ] as const
  for (const [address, network, prefix, expected] of rows)
    test(`${address} under ${network}/${prefix} is ${expected ? 'public' : 'refused'}`, () =>
      assert.equal(isPublicAddress(address, [{ network, prefix }]), expected))
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
