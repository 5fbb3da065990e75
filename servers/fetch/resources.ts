// What the operator grants: hosts to fetch from, named exceptions inside, and how to behave on the way.
import { isIP } from 'node:net'
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
  /** Every connection goes through the filtering proxy that listens there; this server then looks up no name. */
  egress_proxy: z
    .string()
    .refine((text) => parseProxy(text) !== undefined, 'Must be ADDRESS:PORT, the address an IP literal')
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

/** `ADDRESS:PORT` or `[ADDRESS]:PORT`: a literal, so that the proxy is reached without a resolver. */
export function parseProxy(text: string): Readonly<{ address: string; port: number }> | undefined {
  const { six, four, port } =
    /^(?:\[(?<six>[0-9a-f:.]+)\]|(?<four>[0-9.]+)):(?<port>[1-9][0-9]{0,4})$/.exec(text)?.groups ?? {}
  const address = six ?? four ?? ''
  return isIP(address) === (six === undefined ? 4 : 6) && Number(port) <= 65_535
    ? { address, port: Number(port) }
    : undefined
}

function isName(text: string): boolean {
  const reading = readUrl(`https://${text}/`)
  return reading.ok && reading.url.kind === 'name' && reading.url.host === text
}
