// The files of a directory of approvals: servers write what is asked, the operator what was decided, each in a folder of its own.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Carrier } from '@hardened-mcp/security-core'
import { z } from 'zod'

/** `requests` is written by the servers alone, `verdicts` by the operator alone: a server only reads there. */
export const FOLDERS = { requests: 'requests', verdicts: 'verdicts' } as const

export const MOST_SHOWN = 16_384 // characters of an operation that are kept for the operator to read
const MOST_BYTES = 8 * MOST_SHOWN

export const approvalId = z.string().regex(/^a_[0-9a-f]{16}$/, 'Must be the id of a request')
const time = z.number().min(0)

const request = z.strictObject({
  v: z.literal(1),
  id: approvalId,
  at: time,
  until: time,
  grant_ms: time,
  tenant: z.string(),
  caller: z.string(),
  server: z.string(),
  tool: z.string(),
  places: z.array(z.string()).readonly(),
  labels: z.string(),
  policy: z.string(),
  strength: z.enum(['elicit', 'step_up', 'operator']),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  operation: z.string(),
  operation_chars: z.int(),
})
/** Times in milliseconds since the epoch. `operation` is the beginning of what would run, as canonical JSON. */
export type RequestFile = z.output<typeof request>

const verdict = z.strictObject({
  v: z.literal(1),
  id: approvalId,
  digest: z.string(),
  by: z.string(),
  at: time,
})
export type VerdictFile = z.output<typeof verdict>

export const REQUEST_NAME = /^[0-9a-f]{32}-\d{1,2}\.request$/
export const requestPath = (dir: string, owner: string, slot: number) =>
  join(dir, FOLDERS.requests, `${owner}-${slot}.request`)
export const spentPath = (dir: string, id: string) => join(dir, FOLDERS.requests, `${id}.spent`)
export const refusedPath = (dir: string, id: string) => join(dir, FOLDERS.requests, `${id}.refused`)
export const verdictPath = (dir: string, id: string, word: 'approved' | 'denied') =>
  join(dir, FOLDERS.verdicts, `${id}.${word}`)

/** `undefined` when there is no such file. Throws on one that is not whole: what cannot be read approves nothing. */
export const readRequest = (path: string): RequestFile | undefined => parsed(request, path)
export const readVerdict = (path: string): VerdictFile | undefined => parsed(verdict, path)

/** Whose request it is. */
export const carrierOf = ({ tenant, caller }: RequestFile): Carrier => ({ tenant, id: caller })

function parsed<Value>(schema: z.ZodType<Value>, path: string): Value | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw thrown
  }
  if (text.length > MOST_BYTES) throw new RangeError(`${path} is too long for a file of approvals`)
  return schema.parse(JSON.parse(text))
}
