// What a server tells a receiver that its operator named: JSON by POST, through the same address guard as every other request.
import type { WebUrl } from '@hardened-mcp/security-core/worker'
import { type OutboundOptions, outbound } from './outbound.ts'

export type JsonPost = (url: WebUrl, body: string, withinMs: number) => Promise<void>

/** `receiver` is what messages call it. Rejects unless it took it with 2xx in time. No redirect is followed: it would be another receiver. */
export function jsonPost(
  options: OutboundOptions & Readonly<{ receiver: string; headers: Readonly<Record<string, string>> }>,
): JsonPost {
  const { receiver, headers, ...dial } = options
  const session = outbound(dial)
  return async function post(url, body, withinMs) {
    const open = session(AbortSignal.timeout(withinMs))
    try {
      const sent = { 'content-type': 'application/json', ...headers }
      const answer = await open.send({ url, method: 'POST', headers: sent, body })
      answer.discard()
      if (answer.status < 200 || answer.status > 299)
        throw new RangeError(`The ${receiver} answered with ${answer.status}`)
    } finally {
      open.close()
    }
  }
}
