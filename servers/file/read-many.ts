// read_multiple_files: several texts in one answer, each with its own share of the bytes and its own truncation record or error.
import { Denial, type Result } from '@hardened-mcp/security-core/worker'
import { jsonBytes, payloadBytes } from './answer-budget.ts'
import { systemCalls } from './descriptors.ts'
import { mustBeFile } from './entry-rules.ts'
import { MAX_LINES } from './operations.ts'
import { textOf } from './read-text.ts'
import type { OpenRoot } from './roots.ts'
import type { Entry } from './walk.ts'

const ERROR_BYTES = 512 // kept aside for each file that may come back as an error
const WHOLE = { end: 'start', line: 1, column: 0, lines: MAX_LINES } as const

/** One of the files: its virtual name, and the way to it. `open` may be used more than once. */
export type Wanted = Readonly<{ path: string; open<T>(use: (root: OpenRoot, entry: Entry) => T): T }>

/** Small files first, so that what they leave over goes to the large ones; the answer keeps the order that was asked for. */
export function readMany(wanted: readonly Wanted[], outputBytes: number): Result {
  const sized = wanted.map((file, i) => ({ i, file, size: attempt(file, sizeOf) }))
  const rows: object[] = []
  let left = payloadBytes(outputBytes)
  let files = sized.length
  for (const { i, file, size } of sized.toSorted((a, b) => rank(a.size) - rank(b.size))) {
    const share = Math.floor(left / files)
    const row = typeof size === 'number' ? attempt(file, (root, entry) => partOf(root, entry, share)) : size
    rows[i] = row
    left -= jsonBytes(row) + 1
    files -= 1
  }
  const truncated = rows.some((row) => 'truncated' in row)
  return { text: JSON.stringify({ files: rows }), rows: rows.length, truncated }
}

type Failed = Readonly<{ path: string; error: Readonly<{ code: string; message: string }> }>

const rank = (size: number | Failed) => (typeof size === 'number' ? size : 0)

// One file that is missing, no text or refused hides no others. What is wrong with this process ends the call.
function attempt<T extends number | object>(
  { path, open }: Wanted,
  use: (root: OpenRoot, entry: Entry) => T,
): T | Failed {
  try {
    return systemCalls(() => open(use))
  } catch (thrown) {
    if (!(thrown instanceof Denial) || thrown.code === 'internal' || thrown.code === 'busy') throw thrown
    return { path, error: { code: thrown.code, message: thrown.says } }
  }
}

function sizeOf(root: OpenRoot, entry: Entry): number {
  mustBeFile(root, entry)
  return entry.stats.size
}

const partOf = (root: OpenRoot, entry: Entry, share: number) =>
  textOf(root, entry, { from: WHOLE, numbered: false }, Math.max(0, share - ERROR_BYTES))
