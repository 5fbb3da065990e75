// The closed list of operations the worker understands: plain data, checked again on the worker's side.
import { tenantField } from '@hardened-mcp/security-core/worker'
import { z } from 'zod'

export const FORMATS = ['markdown', 'text', 'html', 'json', 'links', 'metadata'] as const
export const METHODS = ['GET', 'HEAD', 'POST'] as const
export const MAX_TEXT_CHARS = 100_000 // more than one answer can carry in its byte budget
export const DEFAULT_TEXT_CHARS = 20_000 // about 5 000 tokens: a long page in a few calls
const MAX_INPUT_URL_CHARS = 8_192 // longer than any URL that is fetched, so that the refusal can name the rule
const MAX_START = 10_000_000
const MAX_SELECTOR_CHARS = 500
const MAX_HEADERS = 16
const MAX_POST_CHARS = 64_000

export const url = z.string().min(1).max(MAX_INPUT_URL_CHARS)
export const format = z.enum(FORMATS)
export const method = z.enum(METHODS)
export const start = z.int().min(0).max(MAX_START)
export const length = z.int().min(1).max(MAX_TEXT_CHARS)
export const selector = z.string().min(1).max(MAX_SELECTOR_CHARS)
export const headers = z
  .record(z.string().min(1).max(64), z.string().max(1_024))
  .refine((given) => Object.keys(given).length <= MAX_HEADERS, `At most ${MAX_HEADERS} headers`)
export const body = z.string().max(MAX_POST_CHARS)
export const bodyType = z.enum(['application/json', 'application/x-www-form-urlencoded', 'text/plain'])

export const operation = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('fetch'),
    tenant: tenantField,
    method: method.default('GET'),
    url,
    format,
    selector: selector.optional(),
    headers: headers.optional(),
    body: body.optional(),
    body_type: bodyType.optional(),
    start,
    length,
  }),
])
export type Operation = Readonly<z.output<typeof operation>>
