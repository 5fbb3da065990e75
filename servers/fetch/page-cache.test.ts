// The memory of pages: how long, how much, and whose page goes when it is full.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { tenantScope } from '@hardened-mcp/security-core'
import type { Page } from './load-page.ts'
import { pageCache } from './page-cache.ts'

const [acme, globex] = [tenantScope('acme'), tenantScope('globex')]
const page = (chars: number): Page => ({
  ...{ final_url: 'https://example.com/', status: 200, hops: 0, content_type: 'text/plain' },
  text: 'x'.repeat(chars),
})
const MILLION = page(1_000_000)

suite('pageCache()', () => {
  test('gives back what was kept, for five minutes', () => {
    let time = 0
    const cache = pageCache(() => time)
    cache.set('a', MILLION, acme)
    time = 300_000
    assert.equal(cache.get('a'), MILLION)
    time = 300_001
    assert.equal(cache.get('a'), undefined)
  })

  test('the least recently used page of a tenant goes first', () => {
    const cache = pageCache()
    for (let n = 0; n < 8; n++) cache.set(`page ${n}`, MILLION, acme)
    assert.ok(cache.get('page 0'))
    cache.set('page 8', MILLION, acme)
    assert.deepEqual([cache.get('page 0') !== undefined, cache.get('page 1')], [true, undefined])
  })

  test("what one tenant loads pushes out none of another's pages", () => {
    const cache = pageCache()
    cache.set('one of acme', page(2_000_000), acme)
    for (let n = 0; n < 100; n++) cache.set(`page ${n} of globex`, MILLION, globex)
    assert.ok(cache.get('one of acme'))
    assert.deepEqual(
      [94, 95, 99].map((n) => cache.get(`page ${n} of globex`) !== undefined),
      [true, true, true],
      'and it keeps as many of its own as there is room for',
    )
    assert.equal(cache.get('page 93 of globex'), undefined)
  })

  test('what is over makes room before anything else goes', () => {
    let time = 0
    const cache = pageCache(() => time)
    for (let n = 0; n < 5; n++) cache.set(`old ${n}`, MILLION, acme)
    time = 299_000
    for (let n = 0; n < 3; n++) cache.set(`page ${n}`, MILLION, globex)
    time = 301_000
    for (let n = 3; n < 8; n++) cache.set(`page ${n}`, MILLION, globex)
    assert.ok(cache.get('page 0'))
  })

  test('a page put again counts once, and one that is too long is not kept', () => {
    const cache = pageCache()
    cache.set('a', page(5_000_000), acme)
    cache.set('a', page(5_000_000), acme)
    cache.set('b', page(3_000_000), acme)
    assert.ok(cache.get('a'))
    cache.set('c', page(8_000_001), acme)
    assert.deepEqual([cache.get('c'), cache.get('a') !== undefined], [undefined, true])
  })

  test('pages without text are kept, and forgotten, without an end', () => {
    let time = 0
    const cache = pageCache(() => time)
    for (let n = 0; n < 10; n++) cache.set(`empty ${n}`, page(0), acme)
    assert.ok(cache.get('empty 0'))
    time = 300_001
    cache.set('full', page(8_000_000), globex)
    assert.ok(cache.get('full'))
    assert.equal(cache.get('empty 0'), undefined)
  })
})
