// How many failures an address may have, and that counting them costs constant memory.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { failureThrottle } from './failure-throttle.ts'

const failures = (address: (index: number) => string, count: number, now: () => number = () => 1_000) => {
  const throttle = failureThrottle(now)
  return Array.from({ length: count }, (_, index) => throttle(address(index)))
}

suite('failureThrottle()', () => {
  test('lets ten failures of an address pass at once, and says how long the eleventh has to wait', () => {
    assert.deepEqual(
      failures(() => '203.0.113.9', 11),
      [...Array<number>(10).fill(0), 2_000],
    )
  })

  test('lets one more pass after the wait', () => {
    let now = 1_000
    const throttle = failureThrottle(() => now)
    for (let count = 0; count < 10; count++) throttle('203.0.113.9')
    now += 1_999
    assert.equal(throttle('203.0.113.9'), 1)
    now += 1
    assert.equal(throttle('203.0.113.9'), 0)
  })

  test('counts a /64 as one address, however it is written, and the next /64 as another', () => {
    const throttle = failureThrottle(() => 1_000)
    for (const address of ['2001:db8::1', '2001:db8:0:0:1::', '2001:0db8:0:0:ffff::1'])
      for (let count = 0; count < 4; count++) throttle(address)
    assert.ok(throttle('2001:db8::9') > 0)
    assert.equal(throttle('2001:db8:0:1::9'), 0)
  })

  test('a million addresses cost no more memory than four thousand', () => {
    const throttle = failureThrottle(() => 1_000)
    const before = process.memoryUsage().heapUsed
    for (let index = 0; index < 1_000_000; index++) throttle(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`)
    assert.ok(process.memoryUsage().heapUsed - before < 64 * 1024 * 1024)
  })
})
