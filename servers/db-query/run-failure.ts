// What the engine says while a statement runs, sorted into codes and fixed sentences.
import { Denial } from '@hardened-mcp/security-core/worker'
import { codeOf } from './open-database.ts'
import { type Rule, refuse, stop } from './refusals.ts'

const MESSAGES: readonly Readonly<{ pattern: RegExp; rule: Rule }>[] = [
  { pattern: /^malformed JSON/, rule: 'failedJson' },
  { pattern: /^(?:bad JSON path|JSON path error)/, rule: 'failedPath' },
  { pattern: /^integer overflow/, rule: 'failedOverflow' },
  { pattern: /pattern too complex$/, rule: 'failedPattern' },
  {
    pattern: /^fts5: |^unable to use function|^malformed MATCH|^unterminated string|^unknown special query/,
    rule: 'failedSearch',
  },
]

/** The refusal that stands for anything thrown while a statement was bound or stepped. */
export function runFailure(thrown: unknown): Error {
  if (thrown instanceof Denial || !(thrown instanceof Error)) return asError(thrown)
  const { message } = thrown
  const code = codeOf(thrown)
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return stop('busy', 'The database is locked by a writer; try again', message)
  if (
    code === 'SQLITE_TOOBIG' ||
    code === 'SQLITE_NOMEM' ||
    code === 'ERR_STRING_TOO_LONG' ||
    thrown instanceof RangeError
  )
    return stop('too_large', 'A value of the result is too large', message)
  if (code === 'SQLITE_ERROR' || code === '')
    return refuse(MESSAGES.find(({ pattern }) => pattern.test(message))?.rule ?? 'failed', message)
  return thrown // corrupt file, I/O error: `internal`, with the engine's words in the audit trail only
}

const asError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error('A non-error was thrown'))
