// Question: was this value used, without keeping the value?
// Threat:   a trail that stores secrets, or plain hashes of them: SHA-256 of a six-digit number falls in a fraction of a second.
// Rule:     HMAC-SHA-256 of the canonical JSON, under a key of the tenant's own that HKDF (RFC 5869) derives from one master key.
// Limits:   whoever holds the master key can test guesses. Equal arguments of one tenant are seen to be equal: that is the purpose.
// Proof:    fingerprint.test.ts
import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'

export const MASTER_KEY_BYTES = 32
const MAX_TENANTS = 1_000 // derived keys held at once; a forgotten one costs a derivation

/** Returns `(tenant, value) -> 64 hex digits`. Throws `RangeError` on a master key of another length than 32 bytes. */
export function fingerprint(masterKey: Uint8Array): (tenant: string, value: unknown) => string {
  if (masterKey.length !== MASTER_KEY_BYTES)
    throw new RangeError(`The master key must be ${MASTER_KEY_BYTES} bytes, got ${masterKey.length}`)
  const master = createSecretKey(masterKey)
  const keys = new Map<string, KeyObject>()
  return function fingerprint(tenant, value) {
    let key = keys.get(tenant)
    if (key === undefined) {
      key = tenantKey(master, tenant)
      if (keys.size >= MAX_TENANTS) keys.clear()
      keys.set(tenant, key)
    }
    return createHmac('sha256', key).update(canonicalJson(value)).digest('hex')
  }
}

const tenantKey = (master: KeyObject, tenant: string): KeyObject =>
  createSecretKey(
    Buffer.from(hkdfSync('sha256', master, '', `hardened-mcp audit v1 arguments\0${JSON.stringify(tenant)}`, 32)),
  )
