// Question: is this call safe after what its caller has read before?
// Threat:   injected text that makes a model send private data out, or write a stranger's instructions where they are trusted.
// Rule:     a caller carries the labels of all it has read; no call may bring them to a place whose label does not bear them.
// Limits:   knows what these servers gave out, not what a user pasted; servers that share no store do not see each other's reads.
// Proof:    taint.test.ts
import { allow, type Decision, deny } from '../decision.ts'
import type { CallContext, Label } from '../types.ts'
import { CLEAN, join, labelText, refusedFlow } from './label.ts'

/**
 * What one operation moves: `reads` is of what its answer shows, `into` of the place it writes or sends to,
 * and `brings` of what goes there without being shown, as the content of a file that is moved. `places` are the
 * policy's own names of what is touched, the one that is written or sent to first: approvals go by them.
 */
export type Flow = Readonly<{ reads: Label; into?: Label; brings?: Label; places?: readonly string[] }>

/** Pure. Says where an operation reads and writes; `undefined` leaves it to the facts of the tool. */
export type FlowOf<Operation extends object> = (operation: Operation, call: CallContext) => Flow | undefined

/** Whose labels: only what a verified credential says, never anything that a client sends. */
export type Carrier = Readonly<{ tenant: string; id: string }>

/** Keeps labels by verified caller. Rejecting stops the call: without its labels a server neither sends nor answers. */
export interface TaintStore {
  read(who: Carrier): Promise<Label>
  /** Resolves to the joined label once every later `read`, by any server that shares the store, sees it. */
  join(who: Carrier, label: Label): Promise<Label>
}

/** `mark` records what `enforce` would have refused. */
export type TaintMode = 'enforce' | 'mark'

/** Says for one operation of a call, and only once, where it reads and writes; answers both questions by that. */
export type Taint<Operation extends object> = (operation: Operation, call: CallContext) => Passage

export type Passage = Readonly<{
  places: readonly string[]
  /** Before the work: may what the caller carries arrive where this operation writes? */
  gate(): Promise<Decision>
  /** What would arrive there, once `gate` was asked; empty where nothing goes. */
  arriving(): string
  /** After the work and before the answer: resolves to the caller's labels as the audit trail writes them. */
  carry(): Promise<string>
}>

const SAYS = {
  private: 'Private data was read before, and this call could carry it to a place that is not private',
  untrusted: 'Untrusted content was read before, and this call would write where only trusted content may stand',
} as const

export function taint<Operation extends object>(options: {
  store: TaintStore
  mode: TaintMode
  flowOf?: FlowOf<Operation> | undefined
  /** Told about each refused flow, in both modes, before anything else happens. Rejecting stops the call. */
  onRefused?: ((call: CallContext, why: 'private' | 'untrusted') => unknown) | undefined
}): Taint<Operation> {
  const { store, mode, flowOf, onRefused } = options
  return (operation, call) => {
    const { reads, into, brings = CLEAN, places = [] } = flowOf?.(operation, call) ?? flowOfTool(call)
    let arriving = CLEAN
    return {
      places,
      arriving: () => labelText(arriving),
      async gate() {
        if (into === undefined) return allow()
        arriving = join(await store.read(call.caller), brings)
        const why = refusedFlow(arriving, into)
        if (why === undefined) return allow()
        await onRefused?.(call, why)
        return mode === 'mark'
          ? allow()
          : deny('tainted', `What would arrive is ${labelText(arriving)}`, { says: SAYS[why] })
      },
      async carry() {
        if (refusedFlow(reads, CLEAN) === undefined) return labelText(await store.read(call.caller))
        return labelText(await store.join(call.caller, reads))
      },
    }
  }
}

// A place has one label: what comes from there carries it, and what goes there must not exceed it.
const flowOfTool = ({ tool }: CallContext): Flow =>
  tool.effect === 'read' ? { reads: tool.yields } : { reads: tool.yields, into: tool.yields }
