// Question: does this host stand on the operator's list?
// Threat:   suffix tricks: evil-example.com or example.com.evil.org against an entry for example.com.
// Rule:     an entry is an exact host, `*.example.com` (one label or more below it, not itself), or `*`; each with one port, 443 by default.
// Limits:   says who is listed; whether the host is public is judged before, and its addresses when they are dialled.
// Proof:    policy.test.ts
import { HTTPS_PORT, publicHost, readUrl, type WebUrl } from '@hardened-mcp/security-core'

export type AllowEntry = Readonly<{ kind: 'exact' | 'below' | 'any'; host: string; port: number }>

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
