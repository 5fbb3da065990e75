// Remembers converted pages for a short while, so that the parts of one page come from one text.
import type { TenantScope } from '@hardened-mcp/security-core/worker'
import type { Page } from './load-page.ts'

export type PageCache = Readonly<{
  get(key: string): Page | undefined
  set(key: string, page: Page, tenant: TenantScope): void
}>

const KEEP_MS = 5 * 60_000 // long enough to read a page part by part
const MAX_CHARS = 8_000_000 // 16 MB at worst, of a worker's 256

type Kept = Readonly<{ page: Page; tenant: TenantScope; until: number }>

/**
 * Keys hold the tenant: no caller reads what another one fetched. When it is full, the tenant that holds most gives way, its least
 * recently used page first: a tenant that reads one page part by part keeps it, whatever the others load.
 */
export function pageCache(now = () => performance.now()): PageCache {
  const entries = new Map<string, Kept>() // in order of use
  const held = new Map<TenantScope, number>() // characters
  const count = (tenant: TenantScope, chars: number) => {
    const sum = (held.get(tenant) ?? 0) + chars
    if (sum === 0) held.delete(tenant)
    else held.set(tenant, sum)
  }
  const forget = (key: string) => {
    const entry = entries.get(key)
    if (entry === undefined || !entries.delete(key)) return
    count(entry.tenant, -entry.page.text.length)
  }
  const isFull = () => held.values().reduce((sum, chars) => sum + chars, 0) > MAX_CHARS
  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      if (entry.until < now()) {
        forget(key)
        return undefined
      }
      entries.delete(key)
      entries.set(key, entry)
      return entry.page
    },
    set(key, page, tenant) {
      forget(key)
      if (page.text.length > MAX_CHARS) return
      for (const [old, { until }] of entries) if (until < now()) forget(old)
      entries.set(key, { page, tenant, until: now() + KEEP_MS })
      count(tenant, page.text.length)
      while (isFull()) forget(oldestOf(entries, mostOf(held)))
    },
  }
}

const mostOf = (held: ReadonlyMap<TenantScope, number>): TenantScope | undefined =>
  [...held].toSorted(([, a], [, b]) => b - a)[0]?.[0]

const oldestOf = (entries: ReadonlyMap<string, Kept>, tenant: TenantScope | undefined): string =>
  entries.entries().find((entry) => entry[1].tenant === tenant)?.[0] ?? ''
