// Where the labels of callers are kept: in this process, in the directory that the operator shares between servers, or in a store.
import { memoryTaint, type TaintMode, type TaintStore } from '@hardened-mcp/security-core'
import { DEFAULT_WINDOW_MINUTES, type TaintSection } from '../policy/taint-section.ts'
import { directoryTaint } from './directory-taint.ts'
import type { TaintEvent } from './shared-taint.ts'

const MINUTE_MS = 60_000

export type Labels = Readonly<{ store: TaintStore; mode: TaintMode; trouble: () => string | undefined }>

export async function openLabels(options: {
  section: TaintSection | undefined
  dir: string | undefined
  now: () => number
  onEvent: (event: TaintEvent, reason: string) => void
}): Promise<Labels> {
  const { section, dir, now, onEvent } = options
  const windowMs = (section?.window_minutes ?? DEFAULT_WINDOW_MINUTES) * MINUTE_MS
  const mode = section?.mode ?? 'enforce'
  if (section?.shared !== undefined) {
    // Loaded only where the operator has one: the client of the store is a package of its own.
    const { sharedTaint } = await import('./shared-taint.ts')
    const store = sharedTaint({ config: section.shared, windowMs, onEvent })
    await store.ready
    return { store, mode, trouble: store.trouble }
  }
  const store = dir === undefined ? memoryTaint({ windowMs, now }) : directoryTaint({ dir, windowMs, now })
  return { store, mode, trouble: () => undefined }
}
