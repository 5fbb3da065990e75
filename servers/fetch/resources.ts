// What the operator grants: hosts to fetch from, named exceptions inside, and how to behave on the way.
import { isAbsolute } from 'node:path'
import { readUrl } from '@hardened-mcp/security-core'
import { z } from 'zod'
import { parseAllowEntry } from './allow-entry.ts'
import { parseNetwork } from './network.ts'

const MAX_ENTRIES = 1_000

const internal = z.strictObject({
  host: z.string().refine(isName, 'Must be a host name in lower case, not an address'),
  cidr: z
    .string()
    .refine(
      (text) => parseNetwork(text) !== undefined,
      'Must be an address or a network of /16 (IPv6: /48) or smaller',
    ),
  port: z.int().min(1).max(65_535),
  ca_file: z.string().refine(isAbsolute, 'Must be an absolute path').optional(),
})

export const resources = z.strictObject({
  allow: z
    .array(
      z
        .string()
        .refine(
          (text) => parseAllowEntry(text) !== undefined,
          'Must be HOST, *.HOST or *, of the public internet, and at most a :port',
        ),
    )
    .max(MAX_ENTRIES)
    .default([]),
  internal: z.array(internal).max(MAX_ENTRIES).default([]),
  dns_servers: z
    .array(
      z.string().regex(/^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\])(?::\d{1,5})?$/, 'Must be ADDRESS or ADDRESS:PORT'),
    )
    .min(1)
    .max(8)
    .optional(),
  user_agent: z
    .string()
    .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/, 'Must be printable ASCII')
    .optional(),
  robots: z.enum(['obey', 'ignore']).default('obey'),
})
export type Resources = Readonly<z.output<typeof resources>>

/** True when nothing at all may be fetched. */
export const grantsNothing = ({ allow, internal: inside }: Resources) => allow.length === 0 && inside.length === 0

function isName(text: string): boolean {
  const reading = readUrl(`https://${text}/`)
  return reading.ok && reading.url.kind === 'name' && reading.url.host === text
}
