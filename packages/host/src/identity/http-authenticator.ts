// Question: who sends this HTTP request?
// Threat:   an anonymous call; a refusal that tells an attacker whether a key exists, has expired or was revoked.
// Rule:     one well-formed credential that the store knows, or nobody. The transport sees `missing` or `invalid` and nothing finer.
// Limits:   how often may it fail is the transport's throttle; what the caller may do is access/.
// Proof:    http-authenticator.test.ts
import type { Principal } from '@hardened-mcp/security-core'
import type { ApiKeyStore } from './api-key-store.ts'
import { credentialOf } from './authorization-header.ts'

/** `reason` is for the audit trail; only constants that follow from `failure` may reach the client. */
export type Authentication =
  | Readonly<{ ok: true; caller: Principal }>
  | Readonly<{ ok: false; failure: 'missing' | 'invalid'; reason: string }>

export type HttpAuthenticator = (authorizationValues: readonly string[]) => Authentication

export const httpAuthenticator = (store: Pick<ApiKeyStore, 'verify'>): HttpAuthenticator =>
  function httpAuthenticator(authorizationValues) {
    const credential = credentialOf(authorizationValues)
    if (credential === 'missing') return { ok: false, failure: 'missing', reason: 'No Authorization header' }
    if (credential === 'malformed')
      return { ok: false, failure: 'invalid', reason: 'The Authorization header is repeated, too long or malformed' }
    const verdict = store.verify(credential.token)
    return verdict.ok
      ? { ok: true, caller: verdict.principal }
      : { ok: false, failure: 'invalid', reason: verdict.reason }
  }
