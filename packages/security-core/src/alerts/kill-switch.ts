// Question: has the operator switched this off?
// Threat:   a tenant, a caller, a tool or everything that has to stop now, with no time to change a policy or restart a server.
// Rule:     an entry that names it refuses the call before anything is read; what runs is ended, and what has ended does not go out.
// Limits:   what a tool already did outside stays done. A list that cannot be read switches everything off.
// Proof:    kill-switch.test.ts, test/e2e/kill-switch.test.ts
import { allow, type Decision, deny, must } from '../decision.ts'
import { Denial } from '../denial.ts'
import type { Executor, Guard } from '../pipeline.ts'
import type { CallContext } from '../types.ts'

/** What is switched off: calls to which every name that is there applies. Without any name: all calls. */
export type SwitchedOff = Readonly<{ tenant?: string; principal?: string; tool?: string; reason?: string }>

/** In force at this moment. `broken`: the list cannot be read. */
export type SwitchState = readonly SwitchedOff[] | 'broken'

export type KillSwitch = Readonly<{
  guard: Guard
  /** Ends the work of calls that are switched off while they run. */
  over<Operation extends object>(execute: Executor<Operation>): Executor<Operation>
}>

/** `onChange` calls its listener whenever `current` may answer something else, and returns how to stop. */
export function killSwitch(from: {
  current: () => SwitchState
  onChange: (listener: () => void) => () => void
}): KillSwitch {
  const judge = (call: CallContext) => judgeBy(from.current(), call)
  return Object.freeze({
    guard: judge,
    over:
      <Operation extends object>(execute: Executor<Operation>): Executor<Operation> =>
      async (operation, spend, stop, call) => {
        if (call === undefined) throw new Denial('internal', 'A call without its context reached the kill switch')
        must(judge(call))
        const off = new AbortController()
        const stopListening = from.onChange(() => {
          if (judge(call).verdict !== 'allow') off.abort()
        })
        try {
          return await execute(operation, spend, AbortSignal.any([stop, off.signal]), call)
        } finally {
          stopListening()
          if (off.signal.aborted) must(judge(call)) // why it ended, and not what the end looked like
        }
      },
  })
}

function judgeBy(state: SwitchState, call: CallContext): Decision {
  if (state === 'broken') return deny('switched_off', 'The kill switch cannot be read, so everything is off')
  const entry = state.find((each) => applies(each, call))
  if (entry === undefined) return allow()
  return deny('switched_off', `Switched off: ${whatOf(entry)}${entry.reason === undefined ? '' : `; ${entry.reason}`}`)
}

const applies = ({ tenant, principal, tool }: SwitchedOff, call: CallContext) =>
  (tenant === undefined || tenant === call.caller.tenant) &&
  (principal === undefined || principal === call.caller.id || call.caller.chain?.includes(principal) === true) &&
  (tool === undefined || tool === call.tool.name)

/** What an entry switches off, as the operator wrote it. */
export function whatOf({ tenant, principal, tool }: SwitchedOff): string {
  const names = Object.entries({ tenant, principal, tool }).filter(([, value]) => value !== undefined)
  return names.length === 0 ? 'all' : names.map(([name, value]) => `${name} ${value}`).join(', ')
}
