// Question: how much of an answer is taken in?
// Threat:   endless bodies, lying lengths, and floods of one-byte chunks that burn the processor below every byte limit.
// Rule:     a declared length above the cap is refused unread; bytes and chunks are counted while they come.
// Limits:   counts bytes of the wire, before decompression; time is the deadline of the session.
// Proof:    read-bounded.test.ts, outbound.test.ts
import { Denial } from '@hardened-mcp/security-core/worker'
import type { OutboundAnswer } from './outbound.ts'
import { upstreamDenial } from './upstream-denial.ts'

const MAX_CHUNKS = 100_000 // measured: 5 MB in one-byte chunks cost 10 s of processor time

/** Returns the whole body, or throws `Denial`. */
export async function readBounded(answer: OutboundAnswer, maxBytes: number, stop: AbortSignal): Promise<Buffer> {
  const tooLarge = (what: string) => new Denial('too_large', `The body has more than ${what}`, { says: SAYS })
  if (Number(answer.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(`${maxBytes} declared bytes`)
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of answer.body) {
      bytes += chunk.byteLength
      if (bytes > maxBytes) throw tooLarge(`${maxBytes} bytes`)
      if (chunks.push(chunk) > MAX_CHUNKS) throw tooLarge(`${MAX_CHUNKS} chunks`)
    }
  } catch (thrown) {
    throw upstreamDenial(thrown, stop)
  }
  return Buffer.concat(chunks, bytes)
}

const SAYS = 'The answer of the remote server is larger than this tool reads'
