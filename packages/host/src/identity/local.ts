// Question: who speaks over stdio?
// Threat:   an identity taken from what the client says of itself (`_meta`, client name) instead of from the operating system.
// Rule:     whoever could start this process as this user is that user, and may what the operator's policy permits.
// Limits:   every program of the same user is the same caller.
// Proof:    http-authenticator.test.ts
import { type Capability, type Principal, principal } from '@hardened-mcp/security-core'

export const localIdentity = (from: { uid: number; permissions: Iterable<Capability> }): Principal =>
  principal({ id: `local:${from.uid}`, tenant: 'local', auth: 'local', can: from.permissions })
