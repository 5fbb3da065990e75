// Proves that keys follow from each other one way, that each has its own number, and that a forgotten key signs nothing.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { epochKey } from './epoch-keys.ts'
import { signedBy } from './verify/open-note.ts'

const SEED = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex')
const first = () => epochKey(Buffer.from(SEED), 1)

suite('epochKey()', () => {
  test('is Ed25519 as RFC 8032 §7.1 has it', () => {
    assert.equal(first().publicKey, 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
    assert.equal(
      first().sign(''),
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    )
  })

  test('the next key follows from this one, and always the same', () => {
    const [one, two] = [first().next(), first().next()]
    assert.equal(one.publicKey, two.publicKey)
    assert.equal(one.epoch, 2)
    assert.ok(signedBy(Buffer.from(one.publicKey, 'hex'), 'x', two.sign('x')))
    assert.notEqual(one.next().publicKey, one.publicKey)
  })

  test('the number is part of the key: one seed under two numbers leads to two keys', () => {
    assert.notEqual(first().next().publicKey, epochKey(Buffer.from(SEED), 2).next().publicKey)
  })

  test('a forgotten key signs nothing, its seed is gone, and the one after it lives on', () => {
    const key = first()
    const next = key.next()
    key.forget()
    assert.throws(() => key.sign('x'), /forgotten/)
    assert.deepEqual(key.seed(), Buffer.alloc(32))
    assert.ok(signedBy(Buffer.from(next.publicKey, 'hex'), 'x', next.sign('x')))
  })

  for (const [because, seed, epoch] of [
    ['a short seed', Buffer.alloc(31), 1],
    ['epoch 0', Buffer.alloc(32), 0],
    ['half an epoch', Buffer.alloc(32), 1.5],
  ] as const)
    test(`refuses ${because}`, () => {
      assert.throws(() => epochKey(seed, epoch), RangeError)
    })
})
