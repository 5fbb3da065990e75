// Question: is this text an API key, and what may be kept of it?
// Threat:   a stolen keys file that is itself a bundle of credentials; a mistyped key that costs a look-up; a key nobody can scan for.
// Rule:     `mcp_`, 256 random bits, 6 check digits; only the SHA-256 of the key is ever stored. The bare form without check digits is read too.
// Limits:   the check digits find typing errors, not forgeries. SHA-256 without a salt is enough because the key is random, not chosen.
// Proof:    api-key.test.ts
import { hash, randomBytes } from 'node:crypto'
import { type Capability, crcDigits } from '@hardened-mcp/security-core'
import type { KeyRecord } from './api-key-file.ts'

/** For secret scanners: the whole key, not within a longer word. Published in README.md. */
export const KEY_PATTERN = '(?<![A-Za-z0-9_-])mcp_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}(?![A-Za-z0-9_-])'
export const CHECKSUM =
  'The last 6 characters are the CRC-32 of the first 47, in base 62 (0-9 A-Z a-z), most significant first'

const BARE = /^mcp_[A-Za-z0-9_-]{43}$/ // 32 bytes of base64url
const BARE_LENGTH = 47
const CHECK_DIGITS = 6

export type KeyOrder = Readonly<{
  name: string
  tenant: string
  can: readonly Capability[]
  /** Roles of the policy that the key carries, and the one piece of work it is for. */
  roles?: readonly string[]
  task?: string
  /** Milliseconds since the epoch. */
  now: number
  ttlMs: number
  notBefore?: number
  random?: (bytes: number) => Buffer
}>

/** Returns the key itself, which exists nowhere else, and the record that stands for it. */
export function mintKey(order: KeyOrder): { raw: string; record: KeyRecord } {
  const random = order.random ?? randomBytes
  const bare = `mcp_${random(32).toString('base64url')}`
  const record: KeyRecord = {
    id: `k_${random(6).toString('hex')}`,
    name: order.name,
    tenant: order.tenant,
    can: [...new Set(order.can)],
    ...(order.roles === undefined ? {} : { roles: [...new Set(order.roles)] }),
    ...(order.task === undefined ? {} : { task: order.task }),
    created: instant(order.now),
    ...(order.notBefore === undefined ? {} : { not_before: instant(order.notBefore) }),
    expires: instant(order.now + order.ttlMs),
    hash: storedForm(bare),
  }
  return { raw: bare + crcDigits(bare), record }
}

/** The key without its check digits, or undefined when the text is no key or its check digits are wrong. */
export function bareKey(raw: string): string | undefined {
  if (raw.length !== BARE_LENGTH && raw.length !== BARE_LENGTH + CHECK_DIGITS) return undefined
  const bare = raw.slice(0, BARE_LENGTH)
  if (!BARE.test(bare)) return undefined
  return raw.length === BARE_LENGTH || raw.slice(BARE_LENGTH) === crcDigits(bare) ? bare : undefined
}

/** What a record keeps of a key: both written forms of one key have the same stored form. */
export const storedForm = (bare: string): string => `sha256:${hash('sha256', bare)}`

const instant = (ms: number) => new Date(ms).toISOString()
