// Reads what a worker answered: a result, or a denial with its code, sentence and wait.
import { Denial, isDenialCode, type Result } from '@hardened-mcp/security-core'
import type { Frame } from './frame.ts'

const MAX_SAYS = 300

type Settle = Readonly<{ resolve: (result: Result) => void; reject: (denial: Denial) => void }>

type Reply = {
  ok?: { rows?: unknown; truncated?: unknown }
  denied?: { code?: unknown; reason?: unknown; says?: unknown; retryAfterMs?: unknown }
}

/** Ends a call as the frame of its worker says. Untrusted: every field is looked at before it counts. */
export function settleBy({ resolve, reject }: Settle, { head, body }: Frame): void {
  const { ok, denied } = head as Reply
  if (ok !== undefined) {
    const rows = Number.isSafeInteger(ok.rows) ? { rows: ok.rows as number } : {}
    return resolve({ text: body, ...rows, truncated: ok.truncated === true })
  }
  const code = isDenialCode(denied?.code) ? denied.code : 'internal'
  const says = code === 'internal' || typeof denied?.says !== 'string' ? {} : { says: denied.says.slice(0, MAX_SAYS) }
  const wait = Number.isSafeInteger(denied?.retryAfterMs) ? { retryAfterMs: denied?.retryAfterMs as number } : {}
  reject(new Denial(code, textOf(denied?.reason, 'The worker gave no reason'), { ...says, ...wait }))
}

export const textOf = (value: unknown, otherwise: string) => (typeof value === 'string' ? value : otherwise)
