// Where requests for approval wait: what every store of them promises.
import type { Carrier } from '../taint/taint.ts'
import type { Strength } from './ask.ts'

/** What a person is told of a call. Names are those of the policy; `operation` is what would run, as canonical JSON. */
export type RequestFacts = Readonly<{
  who: Carrier
  server: string
  tool: string
  places: readonly string[]
  /** What would arrive there: `private,untrusted`. */
  labels: string
  policy: string
  strength: Strength
  /** Names caller, policy, server, tool and the whole operation: the same for the same call, and for no other. */
  digest: string
  operation: string
}>

/** `at` in milliseconds since the epoch; `file` is the store's own. */
export type ApprovalRequest = Readonly<{ id: string; at: number; verdict?: 'approved' | 'denied'; file?: string }>

/** Rejecting denies the call: an approval that cannot be looked up was not given. */
export interface ApprovalStore {
  /** The request of this very call that still stands. An approval that was used, or is over, does not. */
  find(who: Carrier, digest: string): Promise<ApprovalRequest | undefined>
  /** `undefined` when as many requests of this caller wait as may. */
  open(facts: RequestFacts): Promise<ApprovalRequest | undefined>
  /** True once for each id, whoever else asks at the same time. The id may be that of a token too. */
  spend(used: Pick<ApprovalRequest, 'id' | 'file'>): Promise<boolean>
  /** Said no: the request stands, refused, until it is over. */
  refuse(asked: ApprovalRequest): Promise<void>
}
