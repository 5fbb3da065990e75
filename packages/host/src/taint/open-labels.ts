// Where the labels of callers are kept: in this process, or in the directory that the operator shares between servers.
import { memoryTaint, type TaintMode, type TaintStore } from '@hardened-mcp/security-core'
import { DEFAULT_WINDOW_MINUTES, type TaintSection } from '../policy/taint-section.ts'
import { directoryTaint } from './directory-taint.ts'

const MINUTE_MS = 60_000

export function openLabels(options: {
  section: TaintSection | undefined
  dir: string | undefined
  now: () => number
}): Readonly<{ store: TaintStore; mode: TaintMode }> {
  const { section, dir, now } = options
  const windowMs = (section?.window_minutes ?? DEFAULT_WINDOW_MINUTES) * MINUTE_MS
  const store = dir === undefined ? memoryTaint({ windowMs, now }) : directoryTaint({ dir, windowMs, now })
  return { store, mode: section?.mode ?? 'enforce' }
}
