// Keys are fetched once for all, kept while the issuer is gone, and given up when nobody has vouched for them too long.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { type KeySet, keySet } from './key-set.ts'
import { KeysUnavailable } from './faults.ts'
import { keySource } from './key-source.ts'

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = pair.publicKey.export({ format: 'jwk' })
const setOf = (...kids: string[]) => keySet({ keys: kids.map((kid) => ({ ...jwk, kid })) }, ['ES256'])
const MINUTE_MS = 60_000

function source(served: () => Promise<KeySet>) {
  let now = 1_000_000
  let loads = 0
  const keys = keySource({
    elapsed: () => now,
    load: () => {
      loads += 1
      return served()
    },
  })
  const has = async (kid: string) => (await keys.key(kid)) !== undefined
  return { has, key: keys.key, age: keys.age, loads: () => loads, later: (ms: number) => void (now += ms) }
}
const settle = () => new Promise((resolve) => setImmediate(resolve))

suite('keySource()', () => {
  test('fetches once for a hundred that ask at the same time, then not for five minutes', async () => {
    const { has, loads, later } = source(() => setOf('a'))
    assert.ok((await Promise.all(Array.from({ length: 100 }, () => has('a')))).every(Boolean))
    later(5 * MINUTE_MS - 1)
    assert.ok(await has('a'))
    assert.equal(loads(), 1)
  })

  test('serves the old set while one fetch runs behind', async () => {
    let current = ['a']
    const { has, loads, later } = source(() => setOf(...current))
    await has('a')
    current = ['b']
    later(5 * MINUTE_MS)
    assert.ok(await has('a'), 'the old set answers at once')
    await settle()
    await settle()
    assert.equal(loads(), 2)
    assert.ok(await has('b'))
    assert.ok(!(await has('a')), 'a key that left is no key any more')
  })

  test('an unknown kid asks once in 30 s, however many tokens name it', async () => {
    const { has, loads, later } = source(() => setOf('a'))
    await has('a')
    later(1)
    for (let count = 0; count < 50; count++) {
      assert.ok(!(await has(`forged-${count}`)))
      later(10)
    }
    assert.equal(loads(), 2)
    later(30_000)
    assert.ok(!(await has('forged')))
    assert.equal(loads(), 3)
  })

  test('a rotation is noticed by the first token of the new key', async () => {
    let current = ['a']
    const { has, later } = source(() => setOf(...current))
    await has('a')
    current = ['a', 'b']
    later(1)
    assert.ok(await has('b'))
  })

  test('cold outage: unavailable, with a longer wait after each failure', async () => {
    const { key, loads, later } = source(() => Promise.reject(new Error('down')))
    const refused = () => assert.rejects(key('a'), KeysUnavailable)
    for (let count = 0; count < 100; count++) await refused()
    assert.equal(loads(), 1)
    later(1_000)
    await refused()
    later(1_000)
    await refused()
    assert.equal(loads(), 2, 'two seconds after the second failure')
    later(1_000)
    await refused()
    assert.equal(loads(), 3)
  })

  test('warm outage: the old set holds for an hour, then nothing does, and recovery is by itself', async () => {
    let down = false
    const { has, key, later } = source(() => (down ? Promise.reject(new Error('down')) : setOf('a')))
    await has('a')
    down = true
    later(59 * MINUTE_MS)
    assert.ok(await has('a'))
    await settle()
    later(MINUTE_MS)
    await assert.rejects(key('a'), KeysUnavailable)
    down = false
    later(MINUTE_MS)
    assert.ok(await has('a'))
  })

  test('its age is known; while there is no set, whoever asks for it has it asked for, as seldom as callers do', async () => {
    let down = true
    const { age, loads, later } = source(() => (down ? Promise.reject(new Error('down')) : setOf('a')))
    for (let count = 0; count < 100; count++) assert.equal(age(), undefined)
    await settle()
    for (let count = 0; count < 100; count++) assert.equal(age(), undefined)
    assert.equal(loads(), 1)
    down = false
    later(MINUTE_MS)
    assert.equal(age(), undefined)
    await settle()
    later(5)
    assert.deepEqual([age(), loads()], [5, 2])
    later(60 * MINUTE_MS)
    assert.equal(age(), undefined)
  })

  test('a poisoned set changes nothing', async () => {
    let poisoned = false
    const { has, later } = source(() =>
      poisoned ? keySet({ keys: [{ kty: 'oct', k: 'AA', kid: 'a' }] }, ['ES256']) : setOf('a'),
    )
    await has('a')
    poisoned = true
    later(1)
    assert.ok(!(await has('b')))
    assert.ok(await has('a'))
  })
})
