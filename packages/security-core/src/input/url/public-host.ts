// Question: does this URL name a host on the public internet?
// Threat:   SSRF by name or by literal, before anything is resolved.
// Rule:     a literal must be a public address, a name must be a public name.
// Limits:   judged on the URL alone; the connector judges every resolved address again when it dials.
// Proof:    url-syntax.test.ts
import { allow, type Decision } from '../../decision.ts'
import { isPublicHostName } from './host-name.ts'
import { isPublicAddress } from './public-address.ts'
import { denyUrl } from './url-rules.ts'
import type { WebUrl } from './url-syntax.ts'

export function publicHost({ host, kind }: WebUrl): Decision {
  if (kind !== 'name') return isPublicAddress(host) ? allow() : denyUrl('address', 'literal of a special-purpose block')
  return isPublicHostName(host) ? allow() : denyUrl('host', 'not a public name')
}
