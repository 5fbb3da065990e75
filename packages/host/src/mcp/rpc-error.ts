// Question: what does a client learn from a protocol error?
// Threat:   both SDKs send the text of whatever was thrown: paths, driver messages, the dump of a schema check.
// Rule:     an error that leaves has a listed code and the fixed sentence of that code; any other code is `Internal error`.
// Limits:   judges JSON-RPC errors; results have been screened by the pipeline before they come here.
// Proof:    rpc-error.test.ts
import { INTERNAL, UNKNOWN_RESOURCE, UNKNOWN_RESOURCE_2025, UNKNOWN_TOOL } from './registry.ts'

export const PARSE_ERROR = { code: -32700, message: 'Parse error' } as const
const INVALID_PARAMS = { code: -32602, message: 'Invalid params' } as const

const SENTENCES: ReadonlyMap<unknown, string> = new Map(
  [
    PARSE_ERROR,
    { code: -32600, message: 'Invalid request' },
    { code: -32601, message: 'Method not found' },
    INVALID_PARAMS,
    INTERNAL,
  ].map(({ code, message }) => [code, message]),
)

const NAMED = [UNKNOWN_TOOL, UNKNOWN_RESOURCE, UNKNOWN_RESOURCE_2025] as const

// MCP 2026-07-28: header mismatch, missing capability, unsupported version. The SDK's own text, and data clients act upon.
const PROTOCOL_CODES: ReadonlySet<unknown> = new Set([-32020, -32021, -32022])

/** Ends a request with one of the fixed errors. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number

  constructor({ code, message }: Readonly<{ code: number; message: string }>) {
    super(message)
    this.code = code
  }
}

type Send = (message: unknown, options?: unknown) => Promise<void>

/** Makes everything that is sent over `transport` speak in fixed sentences. */
export function withPublicErrors<Transport extends object>(transport: Transport): Transport {
  const channel = transport as { send: Send }
  const send = channel.send.bind(transport)
  channel.send = (message, options) => send(publicForm(message), options)
  return transport
}

/** The message itself, or for an error the form of it that may leave. */
export function publicForm(message: unknown): unknown {
  const { error, ...rest } = message as { error?: { code?: unknown; message?: unknown } }
  if (error === undefined || PROTOCOL_CODES.has(error.code)) return message
  const named = NAMED.find(({ code, message }) => code === error.code && message === error.message)
  if (named !== undefined) return { ...rest, error: named }
  const sentence = SENTENCES.get(error.code)
  return { ...rest, error: sentence === undefined ? INTERNAL : { code: error.code, message: sentence } }
}
