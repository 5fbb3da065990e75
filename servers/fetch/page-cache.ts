// Remembers converted pages for a short while, so that the parts of one page come from one text.
import type { Page } from './load-page.ts'

export type PageCache = Readonly<{ get(key: string): Page | undefined; set(key: string, page: Page): void }>

const KEEP_MS = 5 * 60_000 // long enough to read a page part by part
const MAX_CHARS = 8_000_000 // 16 MB at worst, of a worker's 256

/** Least recently used goes first. Keys hold the tenant: no caller reads what another one fetched. */
export function pageCache(now = () => performance.now()): PageCache {
  const entries = new Map<string, { page: Page; until: number }>()
  let chars = 0
  const forget = (key: string) => {
    chars -= entries.get(key)?.page.text.length ?? 0
    entries.delete(key)
  }
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
    set(key, page) {
      forget(key)
      if (page.text.length > MAX_CHARS) return
      entries.set(key, { page, until: now() + KEEP_MS })
      chars += page.text.length
      for (const oldest of entries.keys()) {
        if (chars <= MAX_CHARS) return
        forget(oldest)
      }
    },
  }
}
