// Question: how large does this answer get when it is unpacked?
// Threat:   decompression bombs, plain or nested: 77 bytes that become 100 MB.
// Rule:     at most two codings of gzip and br, each unpacked under the same cap as the body itself; any other coding is an error.
// Limits:   trailing bytes after a finished stream are ignored, as browsers do.
// Proof:    executor.test.ts
import { promisify } from 'node:util'
import { brotliDecompress, gunzip } from 'node:zlib'
import { type OutboundAnswer, readBounded } from '@hardened-mcp/host/outbound'
import { Denial } from '@hardened-mcp/security-core/worker'

export const MAX_BODY_BYTES = 5_000_000 // larger than all but a few in ten thousand pages
const MAX_CODINGS = 2

const CODINGS = {
  gzip: promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip),
  'x-gzip': promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip), // RFC 9110 §8.4.1.3: the same thing
  br: promisify<Buffer, { maxOutputLength: number }, Buffer>(brotliDecompress),
} as const

/** The decoded body. Throws `Denial`. */
export async function readBody(answer: OutboundAnswer, stop: AbortSignal): Promise<Buffer> {
  const codings = codingsOf(answer.headers['content-encoding'])
  let bytes = await readBounded(answer, MAX_BODY_BYTES, stop)
  for (const coding of codings.toReversed()) {
    if (bytes.length === 0) return bytes
    bytes = await unpack(bytes, coding)
    if (stop.aborted) throw new Denial('timeout', 'The deadline passed while the body was unpacked')
  }
  return bytes
}

type Coding = keyof typeof CODINGS

function codingsOf(header: string | readonly string[] | undefined): readonly Coding[] {
  const names = [header ?? []]
    .flat()
    .join(',')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  const codings = names.filter((name) => name !== '' && name !== 'identity')
  const says = 'The remote server packed its answer in a way that was not asked for'
  if (codings.length > MAX_CODINGS) throw new Denial('upstream_failed', `${codings.length} codings`, { says })
  for (const name of codings)
    if (!Object.hasOwn(CODINGS, name)) throw new Denial('upstream_failed', `Coding ${name.slice(0, 40)}`, { says })
  return codings as Coding[]
}

async function unpack(bytes: Buffer, coding: Coding): Promise<Buffer> {
  try {
    return await CODINGS[coding](bytes, { maxOutputLength: MAX_BODY_BYTES })
  } catch (thrown) {
    const code = (thrown as { code?: string }).code
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new Denial('too_large', `The body unpacks to more than ${MAX_BODY_BYTES} bytes`, {
        says: 'The answer of the remote server is larger than this tool reads',
      })
    throw new Denial('upstream_failed', `The ${coding} stream is broken: ${code}`, {
      says: 'The remote server sent a broken answer',
    })
  }
}
