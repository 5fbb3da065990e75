// What the operator grants: directories with a virtual name, and how strict each of them is.
import { labelSchema } from '@hardened-mcp/host'
import { z } from 'zod'
import { SECRET_PATTERN } from './secret-names.ts'

const MAX_ROOTS = 64
const MAX_SECRET_NAMES = 1_000

export const ROOT_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/

const EXTENSION = /^(?:\.[a-z0-9_+-]{1,16})?$/

const root = z.strictObject({
  name: z.string().regex(ROOT_NAME, 'Must start with a letter and hold letters, digits, _ and - only'),
  path: z.string().max(4_096).refine(isPlainDirectory, 'Must be an absolute path below /, without . or .. segments'),
  writable: z.boolean().default(false),
  /** `follow-inside`: a link is resolved step by step, and every step of it must stay inside the root. */
  symlinks: z.enum(['refuse', 'follow-inside']).default('refuse'),
  /** The tenants that see this root; left out, all do. */
  tenants: z.array(z.string().min(1).max(128)).min(1).max(1_000).optional(),
  /** `.md`, or an empty text for names without one; left out, all. Capitals do not count. */
  write_extensions: z.array(z.string().regex(EXTENSION, 'Must be like .md, in small letters')).max(100).optional(),
  max_file_bytes: z.int().min(1).max(67_108_864).default(4_194_304),
  quota_bytes: z.int().min(1).optional(),
  /** Keeps what is deleted in the root's own trash. */
  trash: z.boolean().default(true),
  /** Of its files. Left out: untrusted and private. */
  label: labelSchema.optional(),
  hard_links: z.enum(['refuse', 'allow']).default('refuse'),
})

export const resources = z.strictObject({
  roots: z
    .array(root)
    .max(MAX_ROOTS)
    .refine(haveOwnNames, 'Each root must have its own name: give it as NAME=DIR')
    .default([]),
  /** `narrow`: a client that has roots reaches only what lies in them as well. They never add anything. */
  client_roots: z.enum(['ignore', 'narrow']).default('ignore'),
  /** Added to the built-in list; nothing can be taken off it here. */
  secret_names: z
    .array(z.string().max(256).regex(SECRET_PATTERN, 'Must be NAME or DIR/NAME with at most one * in each part'))
    .max(MAX_SECRET_NAMES)
    .default([]),
})
export type Resources = Readonly<z.output<typeof resources>>
export type RootGrant = Resources['roots'][number]

// The whole file system is no root: it would hold /proc, where this process keeps its own descriptors.
function isPlainDirectory(path: string): boolean {
  if (!path.startsWith('/') || path.includes('\0')) return false
  const segments = path.split('/').filter((segment) => segment !== '')
  return segments.length > 0 && !segments.includes('.') && !segments.includes('..')
}

function haveOwnNames(roots: readonly { name: string }[]): boolean {
  return new Set(roots.map(({ name }) => name)).size === roots.length
}
