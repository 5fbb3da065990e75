// The life of one call. Read this first: one straight line, no way around a step, no way to take one twice.
import type { Approvals } from './approval/approvals.ts'
import type { Consent } from './approval/ask.ts'
import { type AuditEvent, type AuditSink, aboutCall } from './audit/event.ts'
import { type Cleared, clear, type Policies } from './clear.ts'
import { type Decision, must } from './decision.ts'
import { Denial, denialOf } from './denial.ts'
import { injectionSteps } from './input/injection-patterns.ts'
import { parseInput } from './input/parse-input.ts'
import { type OutputFilter, type Released, releaseSteps, screenDenial } from './output/release.ts'
import type { Meter, Used } from './limits/meter.ts'
import { type Steps, withPauses } from './steps.ts'
import type { Taint } from './taint/taint.ts'
import type { ToolDefinition } from './tool.ts'
import type { Budget, CallContext, Principal, Result } from './types.ts'

/** Stops calls before their arguments are read: may they? how often? */
export type Guard = (call: CallContext) => Decision | Promise<Decision>

/** Does the work, within `spend`, until `stop`. Takes a cleared operation and nothing else. */
export type Executor<Operation extends object> = (
  operation: Cleared<Operation>,
  spend: Budget,
  stop: AbortSignal,
  /** Whose work it is; a worker gets the operation alone. */
  call?: CallContext,
) => Promise<Result>

/** Everything that decides. All fields are required: a pipeline without guard, policy, labels or audit does not type-check. */
export type Controls<Operation extends object> = Readonly<{
  server: string
  guards: readonly [Guard, ...Guard[]]
  policies: Policies<Operation>
  /** What the caller has read before decides where it may still write and send. */
  taint: Taint<Operation>
  /** Has the last word on what labels refuse, and on what needs a yes in any case. */
  approvals: Approvals<Operation>
  /** Reserves what the operation may use, and takes back what it did not. */
  meter: Meter<Operation>
  execute: Executor<Operation>
  filters: readonly [OutputFilter, ...OutputFilter[]]
  /** What in an answer steers a model: said and recorded, never a ground to stop. The phrases of the core where it is absent. */
  answerMarks?: (answer: object) => Steps<readonly string[]>
  audit: AuditSink
  /** Keyed hash of the arguments for the audit trail. */
  fingerprint: (tenant: string, input: unknown) => string
  /** Lets others in while a long text is looked through: resolves at the next turn of the event loop. */
  pause: () => Promise<void>
  /** Milliseconds since the epoch. */
  now: () => number
  newCallId: () => string
  /** Names the policy that is in force, for the audit trail. */
  policyId?: () => string
}>

export type CallRequest<Operation extends object> = Readonly<{
  tool: ToolDefinition<unknown, Operation>
  /** As the client sent them: nothing has been checked. */
  input: unknown
  caller: Principal
  stop: AbortSignal
  roots?: readonly string[]
  /** How the person behind the client can be asked; nobody when left out. */
  consent?: Consent | undefined
  client?: string
  trace?: string
}>

export type Answer = Readonly<{ ok: true; released: Released }> | Readonly<{ ok: false; denial: Denial }>

/** Returns the function that walks one call from request to answer. It never throws. */
export function pipeline<Operation extends object>(controls: Controls<Operation>) {
  // A clock or an id that fails leaves nothing to write a record with; nothing is done and nothing goes out.
  return (request: CallRequest<Operation>): Promise<Answer> =>
    answer(request).catch((thrown: unknown) => ({ ok: false, denial: denialOf(thrown) }))

  async function answer(request: CallRequest<Operation>): Promise<Answer> {
    const { tool, stop } = request
    const call = openCall(request, controls)
    let about: Partial<AuditEvent> = aboutCall(call)
    let used: Used | undefined
    const audit = (event: Partial<AuditEvent> & Pick<AuditEvent, 'type'>) =>
      durable(controls.audit, { ...about, ...event })
    try {
      about = { ...about, args: controls.fingerprint(call.caller.tenant, request.input) }
      for (const guard of controls.guards) must(await guard(call))
      about = { ...about, ...(await marksOf(request.input, controls)) }
      const input = parseInput(tool.input, request.input)
      const operation = clear(tool.plan(input, call.caller, request.roots), controls.policies, call)
      const passage = controls.taint(operation, call)
      const gate = await passage.gate()
      const asked = {
        call,
        operation,
        gate,
        places: passage.places,
        labels: passage.arriving(),
        consent: request.consent,
      }
      const permit = await controls.approvals(asked)
      about = { ...about, ...approved(permit.approval) }
      must(permit.decision)
      must(await controls.meter.reserve(call, operation))
      const recorded = audit({ type: 'tool_call.request' })
      if (tool.effect !== 'read') await recorded // no record, no effect
      const work = start(controls.execute, operation, tool.budget, stop, call)
      await Promise.allSettled([work, recorded]) // a refusal of the worker is output too: it waits for the record
      await recorded
      about = { ...about, ...carried(await passage.carry()) } // before anything of it goes out
      const result = await work
      const screening = releaseSteps(result, controls.filters, tool.budget, controls.answerMarks)
      const released = await withPauses(screening, controls.pause)
      used = { rows: result.rows, bytes: Buffer.byteLength(released.text) }
      about = { ...about, ...withFound(about.marks, released.found) }
      await audit({ type: 'tool_call.success', decision: 'allow', ...spent(call, controls, used) })
      return { ok: true, released } // no record, no output
    } catch (thrown) {
      const denial = screenDenial(denialOf(thrown), controls.filters)
      const event = { type: stopType(denial), decision: 'deny' as const, rule: denial.code, err: denial.message }
      const dur_ms = controls.now() - call.at
      const lost = await audit({ ...event, dur_ms }).then(() => undefined, denialOf)
      return { ok: false, denial: lost ?? denial }
    } finally {
      await controls.meter.settle(call, used)
    }
  }
}

function openCall<Operation extends object>(
  request: CallRequest<Operation>,
  controls: Controls<Operation>,
): CallContext {
  const { tool, caller, client, trace } = request
  const facts = { name: tool.name, needs: tool.needs, effect: tool.effect, yields: tool.yields, budget: tool.budget }
  return Object.freeze({
    id: controls.newCallId(),
    server: controls.server,
    tool: Object.freeze(facts),
    caller,
    at: controls.now(),
    ...(controls.policyId === undefined ? {} : { policy: controls.policyId() }),
    ...(client === undefined ? {} : { client }),
    ...(trace === undefined ? {} : { trace }),
  })
}

// Async, so that even an executor that throws at once is a rejected promise.
const start = async <Operation extends object>(
  execute: Executor<Operation>,
  ...work: Parameters<Executor<Operation>>
) => execute(...work)

const marksOf = async (
  input: unknown,
  { pause }: Pick<Controls<object>, 'pause'>,
): Promise<Pick<AuditEvent, 'marks'>> => {
  const marks = await withPauses(injectionSteps(input), pause)
  return marks.length === 0 ? {} : { marks: marks.join(',') }
}

const approved = (approval: string | undefined): Pick<AuditEvent, 'approval'> =>
  approval === undefined ? {} : { approval }

// What the answer held stands beside what the arguments held: `answer:override`, `answer:secretValues=2`.
const withFound = (marks: string | undefined, found: readonly string[]): Pick<AuditEvent, 'marks'> =>
  found.length === 0
    ? {}
    : { marks: [...(marks === undefined ? [] : [marks]), ...found.map((one) => `answer:${one}`)].join(',') }

const carried = (taint: string): Pick<AuditEvent, 'taint'> => (taint === '' ? {} : { taint })

async function durable(sink: AuditSink, event: AuditEvent): Promise<void> {
  try {
    await sink(event)
  } catch (thrown) {
    throw new Denial('audit_unavailable', `The ${event.type} record could not be written`, {}, { cause: thrown })
  }
}

const spent = (call: CallContext, controls: Pick<Controls<object>, 'now'>, { rows, bytes }: Used) => ({
  dur_ms: controls.now() - call.at,
  bytes,
  ...(rows === undefined ? {} : { rows }),
})

// A fault is an error, a refusal is a denial, and a rate limit has its own event so that it can be counted.
function stopType(denial: Denial): AuditEvent['type'] {
  if (denial.code === 'rate_limited') return 'rate_limit.hit'
  return FAULTS.has(denial.code) ? 'tool_call.error' : 'tool_call.denied'
}

const FAULTS: ReadonlySet<string> = new Set([
  'internal',
  'timeout',
  'upstream_failed',
  'audit_unavailable',
  'busy',
  'not_found',
  'too_large',
])
