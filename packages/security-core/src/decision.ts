// What a guard or a policy answers: a value. It holds no way to continue the call.
import { Denial, type DenialCode, type DenialDetail, isDenialCode } from './denial.ts'

export type Decision =
  | Readonly<{ verdict: 'allow' }>
  | Readonly<{ verdict: 'deny'; code: DenialCode; reason: string; detail?: DenialDetail }>

const ALLOW: Decision = Object.freeze({ verdict: 'allow' })

export const allow = (): Decision => ALLOW

/** Refuses: `code` and `detail.says` are public, `reason` goes to the audit trail. */
export const deny = (code: DenialCode, reason: string, detail: DenialDetail = {}): Decision =>
  Object.freeze({ verdict: 'deny', code, reason, detail })

/**
 * Returns when the verdict is exactly `allow`; every other value, a malformed one included, ends the call.
 */
export function must(decision: Decision): void {
  if (decision?.verdict === 'allow') return
  if (decision?.verdict === 'deny' && isDenialCode(decision.code))
    throw new Denial(decision.code, decision.reason, decision.detail)
  throw new Denial('internal', 'A control returned no verdict')
}
