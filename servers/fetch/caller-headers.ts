// Question: may a caller set this request header?
// Threat:   headers that choose another target, identity or method (Host, X-Original-URL, CVE-2026-27826), metadata tokens, request splitting.
// Rule:     accept and accept-language, and names the operator listed, each once; headers of connection, routing and cloud metadata never.
// Limits:   says nothing about what a listed header means to the site. They are dropped when a redirect leaves the origin.
// Proof:    caller-headers.test.ts
import { allow, type Decision, denyUrl } from '@hardened-mcp/security-core/worker'

const ALWAYS: readonly string[] = ['accept', 'accept-language']
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/
const VALUE = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/ // RFC 9110 §5.5, printable ASCII: no line can end inside

// Hop by hop, framing, who is asked, who asks, what is really meant, and the keys of metadata services.
const NEVER = new RegExp(
  `^(?:${[
    'host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|content-.*|expect|accept-encoding|user-agent',
    'forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|x-original-.*|x-rewrite-.*|x-http-method.*|x-method-override',
    'proxy-.*|sec-.*|metadata|metadata-flavor|x-google-metadata-request|x-aws-ec2-metadata-.*|x-amz-security-token',
    'x-identity-header|x-tencent-token|origin|referer|if-.*|range',
  ].join('|')})$`,
)

/** True for a name that the operator may open to callers. */
export const mayBeListed = (name: string): boolean => NAME.test(name) && !NEVER.test(name)

/** Pure. Returns a judge of the headers that a caller gave. */
export function callerHeaders(listed: readonly string[]): (given: Readonly<Record<string, string>>) => Decision {
  const open = new Set([...ALWAYS, ...listed.filter(mayBeListed)])
  return function judge(given) {
    const names = Object.keys(given).map((name) => name.toLowerCase())
    const stranger = names.find((name) => !open.has(name))
    if (stranger !== undefined) return denyUrl('header', `header ${stranger.slice(0, 40)} is not on the list`)
    if (new Set(names).size < names.length) return denyUrl('header', 'the same header twice')
    if (!Object.values(given).every((value) => VALUE.test(value))) return denyUrl('header', 'a value is not plain text')
    return allow()
  }
}
