// Question: what credential does this request carry?
// Threat:   two Authorization headers of which proxy and server pick different ones; `Bearer good extra`; a parser that forgives.
// Rule:     exactly one field of at most 8 KiB, exactly `Bearer`, `ApiKey` or `DPoP` (in any case), one space, one token68 (RFC 9110 §11.2).
// Limits:   says nothing about whether the credential is good.
// Proof:    authorization-header.test.ts
const MAX_FIELD_BYTES = 8 * 1024
const CREDENTIAL = /^(bearer|apikey|dpop) ([A-Za-z0-9._~+/-]+=*)$/i

export type Credential = Readonly<{ scheme: 'bearer' | 'apikey' | 'dpop'; token: string }>

/**
 * Takes every value of the Authorization field, as `headersDistinct.authorization ?? []` gives them:
 * `headers.authorization` of node:http silently keeps the first of two.
 */
export function credentialOf(values: readonly string[]): Credential | 'missing' | 'malformed' {
  const [value, ...more] = values
  if (value === undefined) return 'missing'
  if (more.length > 0 || value.length > MAX_FIELD_BYTES) return 'malformed'
  const [, scheme, token] = CREDENTIAL.exec(value) ?? []
  if (scheme === undefined || token === undefined) return 'malformed'
  return { scheme: scheme.toLowerCase() as Credential['scheme'], token }
}
