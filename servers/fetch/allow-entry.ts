// Question: does this request stand on the operator's list?
// Threat:   suffix tricks (evil-example.com), a path that another server decodes out of its prefix (`/docs/..%2fadmin`), a method nobody meant.
// Rule:     an exact host, `*.example.com` (below it, not itself) or `*`, one port; GET and HEAD unless more is said; paths by whole segments.
// Limits:   says what is listed; whether the host is public is judged before, and its addresses when they are dialled.
// Proof:    policy.test.ts
import {
  HTTPS_PORT,
  type Label,
  publicHost,
  readUrl,
  type TenantScope,
  type WebUrl,
} from '@hardened-mcp/security-core/worker'
import type { METHODS } from './operations.ts'

export type Method = (typeof METHODS)[number]

export type AllowEntry = Readonly<{ kind: 'exact' | 'below' | 'any'; host: string; port: number }>

/** What narrows an entry. Absent: GET and HEAD, every path, every tenant. */
export type Terms = Readonly<{
  methods?: readonly Method[] | undefined
  paths?: readonly string[] | undefined
  tenants?: readonly string[] | undefined
  label?: Partial<Label> | undefined
}>

const DEFAULT_METHODS: readonly Method[] = ['GET', 'HEAD']
// Encoded dots and separators, at any depth of encoding, and Tomcat's `..;`: what the far end makes of them nobody can tell.
const AMBIGUOUS_PATH = /%(?:25)*(?:2e|2f|5c|00)|\/\.{1,2};/i
const PREFIX = /^\/[A-Za-z0-9._~!$&'()+,:@/-]*$/

/** `undefined` when the text is no entry, or names something that is not on the public internet. */
export function parseAllowEntry(text: string): AllowEntry | undefined {
  const any = /^\*(?::([1-9][0-9]{0,4}))?$/.exec(text)
  if (any !== null) return { kind: 'any', host: '*', port: Number(any[1] ?? HTTPS_PORT) }
  const below = text.startsWith('*.')
  if (/[/?#]/.test(text)) return undefined
  const reading = readUrl(`https://${below ? `x${text.slice(1)}` : text}`)
  if (!reading.ok || publicHost(reading.url).verdict !== 'allow') return undefined
  const { host, port, kind } = reading.url
  if (!below) return { kind: 'exact', host, port }
  return kind === 'name' ? { kind: 'below', host: host.slice(2), port } : undefined
}

export function matchesHost(entry: AllowEntry, { host, kind }: WebUrl): boolean {
  if (entry.kind === 'any') return true
  if (entry.kind === 'exact') return host === entry.host
  return kind === 'name' && host.endsWith(`.${entry.host}`)
}

/** True for a prefix that reads as itself: no dot segments, nothing encoded. */
export const isPathPrefix = (text: string): boolean =>
  PREFIX.test(text) && !text.split('/').some((segment) => segment === '.' || segment === '..')

export const opensMethod = ({ methods = DEFAULT_METHODS }: Terms, method: Method): boolean => methods.includes(method)

/** For who does not know the caller: said, and never what an absent tenant means. */
export const EVERY_TENANT = Symbol('every tenant')

export const opensTenant = ({ tenants }: Terms, tenant: TenantScope | typeof EVERY_TENANT): boolean =>
  tenants === undefined || tenant === EVERY_TENANT || tenants.includes(tenant)

/** `/docs` opens `/docs` and `/docs/…`, not `/docs-old`; `/docs/` only what is below. */
export function opensPath({ paths }: Terms, pathname: string): boolean {
  if (paths === undefined) return true
  if (AMBIGUOUS_PATH.test(pathname)) return false
  return paths.some(
    (prefix) => pathname === prefix || pathname.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`),
  )
}
