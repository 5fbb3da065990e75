// The one table of refusals: every code a caller can see, with the fixed sentence it stands for.
import type { Ask } from './approval/ask.ts'

/** Public and stable. A code may be added; none is renamed or removed. */
export const DENIALS = {
  invalid_input: 'The arguments do not fit the input schema of this tool',
  unauthorized: 'The caller is not authenticated',
  rate_limited: 'Too many calls in a short time; wait and try again',
  busy: 'All workers are occupied; try again shortly',
  policy_denied: 'The policy of this server does not allow this call',
  sql_denied: 'This SQL statement is not allowed',
  path_denied: 'This path is not available',
  url_denied: 'This URL is not allowed',
  not_found: 'Nothing was found under that name',
  conflict: 'This was changed or taken by somebody else meanwhile; look at it again',
  too_large: 'The work or its answer exceeds the limit of this tool',
  timeout: 'The call did not finish before its deadline and was ended',
  upstream_failed: 'The remote server did not give a usable answer',
  tainted: 'This call is not available after untrusted content was read in this session',
  approval_required: 'This call needs an approval that has not been given',
  quarantined: 'This caller is paused after many refused calls; wait and try again',
  switched_off: 'The operator has switched this off for now; nothing was done',
  audit_unavailable: 'The audit trail cannot be written, so nothing was done',
  internal: 'The call failed inside the server; nothing was returned',
} as const satisfies Record<string, string>

export type DenialCode = keyof typeof DENIALS

export const isDenialCode = (value: unknown): value is DenialCode =>
  typeof value === 'string' && Object.hasOwn(DENIALS, value)

/** What a refusal may add: `says` is a fixed public sentence, `retryAfterMs` a wait in milliseconds, `ask` what would lift it. */
export type DenialDetail = Readonly<{ says?: string; retryAfterMs?: number; ask?: Ask }>

/**
 * Ends a call. The caller sees `code` and `says` (or the sentence of the table);
 * `message` is the reason, and goes to the audit trail alone.
 */
export class Denial extends Error {
  override readonly name = 'Denial'
  readonly code: DenialCode
  readonly says: string
  readonly retryAfterMs: number | undefined
  readonly ask: Ask | undefined

  constructor(code: DenialCode, reason: string, detail: DenialDetail = {}, options?: ErrorOptions) {
    super(reason, options)
    this.code = code
    this.says = detail.says ?? DENIALS[code]
    this.retryAfterMs = detail.retryAfterMs
    this.ask = detail.ask
  }
}

/** The denial that a thrown value stands for: itself, or `internal` for everything else. */
export function denialOf(thrown: unknown): Denial {
  if (thrown instanceof Denial) return thrown
  return new Denial(
    'internal',
    thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'A non-error was thrown',
    {},
    { cause: thrown },
  )
}
