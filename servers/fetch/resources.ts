// What the operator grants: hosts to fetch from, named exceptions inside, and how to behave on the way.
import { isIP } from 'node:net'
import { isAbsolute } from 'node:path'
import { labelSchema } from '@hardened-mcp/host'
import { readUrl } from '@hardened-mcp/security-core/worker'
import { z } from 'zod'
import { isPathPrefix, parseAllowEntry } from './allow-entry.ts'
import { mayBeListed } from './caller-headers.ts'
import { isNat64Prefix, parseNetwork } from './network.ts'
import { METHODS } from './operations.ts'

const MAX_ENTRIES = 1_000

const terms = {
  methods: z.array(z.enum(METHODS)).min(1).optional(),
  paths: z
    .array(z.string().max(1_024).refine(isPathPrefix, 'Must be a plain path such as /docs'))
    .min(1)
    .max(MAX_ENTRIES)
    .optional(),
  tenants: z.array(z.string().max(63)).min(1).optional(),
  /** Left out: untrusted and public; of an internal host: untrusted and private. */
  label: labelSchema.optional(),
}
const allowHost = z
  .string()
  .refine(
    (text) => parseAllowEntry(text) !== undefined,
    'Must be HOST, *.HOST or *, of the public internet, and at most a :port',
  )
const allowItem = z.union([allowHost, z.strictObject({ host: allowHost, ...terms })])
export type AllowItem = z.output<typeof allowItem>

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
  ...terms,
})

export const resources = z.strictObject({
  allow: z.array(allowItem).max(MAX_ENTRIES).default([]),
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
  /** Request headers that callers may set, beside accept and accept-language. */
  caller_headers: z
    .array(z.string().refine(mayBeListed, 'Must be a lower-case header that neither routes nor frames the request'))
    .max(32)
    .default([]),
  /** How a single host is treated by all workers together. */
  per_host: z
    .strictObject({ at_once: z.int().min(1).max(16).default(2), every_ms: z.int().min(0).max(10_000).default(0) })
    .default({ at_once: 2, every_ms: 0 }),
  /** Authorities that are trusted beside the public ones, for every host. */
  ca_file: z.string().refine(isAbsolute, 'Must be an absolute path').optional(),
  nat64_prefixes: z
    .array(z.string().refine(isNat64Prefix, 'Must be an IPv6 network of 32, 40, 48, 56, 64 or 96 bits'))
    .max(8)
    .default([]),
  /** Turns PDF documents into text. */
  pdf: z.boolean().default(false),
})
export type Resources = Readonly<z.output<typeof resources>>

/** True when some endpoint takes POST. */
export const grantsPost = ({ allow, internal: inside }: Resources) =>
  [...allow, ...inside].some((item) => typeof item !== 'string' && item.methods?.includes('POST') === true)

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
