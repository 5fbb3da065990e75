// From the answer of the pipeline to what both protocol eras send: text, structured content and, of a media tool, one block of data.
import { type Answer, type Ask, Denial, isBase64 } from '@hardened-mcp/security-core'

/** `resource` is for what is neither image nor sound: models are not shown it, clients may offer it to be saved. */
export type MediaBlock =
  | Readonly<{ type: 'image' | 'audio'; data: string; mimeType: string }>
  | Readonly<{ type: 'resource'; resource: Readonly<{ uri: string; mimeType: string; blob: string }> }>

export type ToolCallResult = Readonly<{
  content: readonly [Readonly<{ type: 'text'; text: string }>, ...MediaBlock[]]
  structuredContent: Readonly<Record<string, unknown>>
  isError?: true
  /** Of a refusal: what would lift it. For the transport, which puts it in its own way; never sent as it is. */
  ask?: Ask
}>

export function toResult(answer: Answer, { media }: Readonly<{ media?: true }>): ToolCallResult {
  if (!answer.ok) return refusal(answer.denial)
  const { text, structured } = answer.released
  return media === true ? mediaResult(structured) : { content: [{ type: 'text', text }], structuredContent: structured }
}

export function refusal({
  code,
  says,
  retryAfterMs,
  ask,
}: Pick<Denial, 'code' | 'says' | 'retryAfterMs'> & Partial<Pick<Denial, 'ask'>>): ToolCallResult {
  const error = { code, message: says, ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }) }
  return {
    content: [{ type: 'text', text: JSON.stringify({ error }) }],
    structuredContent: { error },
    isError: true,
    ...(ask === undefined ? {} : { ask }),
  }
}

// The data goes out once: a second copy in the structured part would double the largest answers there are.
function mediaResult({ data, ...facts }: Readonly<Record<string, unknown>>): ToolCallResult {
  const { mime_type: mimeType, uri } = facts
  if (typeof data !== 'string' || !isBase64(data) || typeof mimeType !== 'string' || typeof uri !== 'string')
    return refusal(new Denial('internal', 'A media tool returned something else'))
  const [kind] = mimeType.split('/')
  const block: MediaBlock =
    kind === 'image' || kind === 'audio'
      ? { type: kind, data, mimeType }
      : { type: 'resource', resource: { uri, mimeType, blob: data } }
  return { content: [{ type: 'text', text: JSON.stringify(facts) }, block], structuredContent: facts }
}
