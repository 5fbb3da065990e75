// The words of `WWW-Authenticate` (RFC 9110 §11.6.1), with the error codes of RFC 6750 §3.1 and RFC 9449 §7.
import type { AuthFailure } from '../http-authenticator.ts'
import type { ResourceServer } from './resource-server.ts'

export const REALM = 'realm="mcp"'

const ERRORS: Readonly<Record<AuthFailure, string>> = {
  missing: '', // no error attribute when no credential was sent (RFC 6750 §3.1)
  invalid: ', error="invalid_token"',
  invalid_proof: ', error="invalid_dpop_proof"',
  nonce: ', error="use_dpop_nonce"',
  unavailable: '',
  delegation: '',
}
export const errorOf = (failure: AuthFailure) => ERRORS[failure]

/** Where nobody but holders of API keys is known. */
export const KEYS_ONLY: Pick<ResourceServer, 'challenge'> = {
  challenge: (failure) => ({ 'www-authenticate': `Bearer ${REALM}${errorOf(failure)}` }),
}
