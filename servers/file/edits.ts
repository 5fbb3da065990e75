// Edits of a text file: each old text must be there exactly once, and the answer shows a unified diff.
import { createTwoFilesPatch } from 'diff'
import { Denial } from '@hardened-mcp/security-core/worker'
import { fittingUnits } from './answer-budget.ts'

export type Edit = Readonly<{ old_text: string; new_text: string }>
export type Edited = Readonly<{ bytes: Buffer; diff: string; truncated?: Readonly<{ reason: 'bytes' }> }>

const DIFF_MS = 1_000 // two texts that have nothing in common cost the square of their lines

export function applyEdits(
  before: Buffer,
  edits: readonly Edit[],
  shown: Readonly<{ path: string; bytes: number }>,
): Edited {
  const text = decoded(before)
  // Callers write \n; in a file that has nothing else, it means the file's own line end.
  const isCrLf = text.includes('\r\n') && !/(?<!\r)\n/.test(text)
  const own = (part: string) => (isCrLf ? part.replace(/\r?\n/g, '\r\n') : part)
  const after = edits.reduce(
    (current, edit, i) => applied(current, own(edit.old_text), own(edit.new_text), i + 1),
    text,
  )
  const patch = createTwoFilesPatch(shown.path, shown.path, text, after, '', '', { timeout: DIFF_MS })
  const units = fittingUnits(patch ?? '', shown.bytes)
  const isCut = patch === undefined || units < patch.length
  return {
    bytes: Buffer.from(after),
    diff: patch?.slice(0, units) ?? '',
    ...(isCut ? { truncated: { reason: 'bytes' } } : {}),
  }
}

function applied(text: string, old: string, replacement: string, number: number): string {
  const at = text.indexOf(old)
  if (at < 0) throw misfit(`The old_text of edit ${number} is not in the file`)
  if (text.includes(old, at + 1))
    throw misfit(`The old_text of edit ${number} is there more than once; give more lines around it`)
  return text.slice(0, at) + replacement + text.slice(at + old.length)
}

const misfit = (says: string) => new Denial('invalid_input', 'An edit does not fit', { says })

// A byte order mark is part of the text, so that it is written back.
function decoded(bytes: Buffer): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (!text.includes('\0')) return text
  } catch {
    // as below
  }
  throw new Denial('invalid_input', 'The file is not UTF-8 text', {
    says: 'Only UTF-8 text can be edited; use write_file to replace the file',
  })
}
