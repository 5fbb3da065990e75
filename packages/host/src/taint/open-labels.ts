// Where the labels of callers are kept: in this process, or in the directory that the operator shares between servers.
import { memoryTaint, type TaintMode, type TaintStore } from '@hardened-mcp/security-core'
import { DEFAULT_WINDOW_MINUTES, type TaintSection } from '../policy/taint-section.ts'
import { directoryTaint } from './directory-taint.ts'

const MINUTE_MS = 60_000

export function openLabels(
  section: TaintSection = { mode: 'enforce', window_minutes: DEFAULT_WINDOW_MINUTES },
  now: () => number,
): Readonly<{ store: TaintStore; mode: TaintMode }> {
  const { mode, window_minutes: minutes, directory } = section
  const windowMs = minutes * MINUTE_MS
  const store =
    directory === undefined ? memoryTaint({ windowMs, now }) : directoryTaint({ dir: directory, windowMs, now })
  return { store, mode }
}
