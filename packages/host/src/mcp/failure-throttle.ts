// Question: how often may one address present a credential that is not valid?
// Threat:   guessing keys, and a flood of failures that fills the audit trail.
// Rule:     GCRA per IPv4 address or IPv6 /64 over failures only: 10 at once, then 30 a minute; a valid key is never throttled.
// Limits:   addresses share 4096 counters, so the memory is constant and a collision slows down only callers that fail.
// Proof:    failure-throttle.test.ts
import { isIPv6 } from 'node:net'
import { gcra } from '@hardened-mcp/security-core'

const RATE = { perMinute: 30, burst: 10 } as const
const COUNTERS = 4096

/** Counts one failure of `address`; the wait in milliseconds when it had too many, or 0. */
export function failureThrottle(now: () => number): (address: string) => number {
  const limit = gcra('failed authentication', RATE)
  return (address) => {
    const key = counterOf(address)
    const waitMs = limit.waitMs(key, now())
    if (waitMs === 0) limit.take(key, now())
    return Math.ceil(waitMs)
  }
}

function counterOf(address: string): string {
  const scope = isIPv6(address) ? firstHalf(address) : address
  let hash = 0x811c9dc5 // FNV-1a: only has to spread
  for (let index = 0; index < scope.length; index++) hash = Math.imul(hash ^ scope.charCodeAt(index), 0x01000193)
  return String((hash >>> 0) % COUNTERS)
}

// The first four groups of an address written in any RFC 4291 §2.2 form.
function firstHalf(address: string): string {
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length)
  return [...groups, ...Array<string>(Math.max(0, missing)).fill('0')]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16))
    .join(':')
}
