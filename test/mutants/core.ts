// Breaks of the core: the pipeline, the two doors, and the controls that every server shares.
import type { Mutant } from './mutants.ts'

const CORE = 'packages/security-core/src'
const PIPELINE = {
  file: `${CORE}/pipeline.ts`,
  tests: ['pipeline', 'pipeline-controls', 'pipeline-stops'].map((name) => `${CORE}/${name}.test.ts`),
}
/** A file of the core with the test that stands beside it. */
const beside = (name: string) => ({ file: `${CORE}/${name}.ts`, tests: [`${CORE}/${name}.test.ts`] })
const DECISION = beside('decision')
const CLEAR = beside('clear')
const SNAPSHOT = beside('snapshot')
const DENIAL = beside('denial')
const UNSAFE = beside('unsafe')
const TOOL = beside('tool')
const CAPABILITIES = beside('access/capabilities')
const PEOPLE = { ...CAPABILITIES, file: `${CORE}/access/people.ts` }
const RATE_LIMIT = beside('limits/rate-limit')
const WORK_TIME = beside('limits/work-time')
const GCRA = { ...RATE_LIMIT, file: `${CORE}/limits/gcra.ts` }
const LEDGER = { ...RATE_LIMIT, file: `${CORE}/limits/ledger.ts` }
const PARSE_INPUT = beside('input/parse-input')
const INJECTION = beside('input/injection-patterns')
const STEERING = beside('input/steering-marks')
const OTHER_READINGS = { ...STEERING, file: `${CORE}/input/other-readings.ts` }
const SCANNER = { ...STEERING, file: `${CORE}/input/phrase-scanner.ts` }
const TEXT_AS_READ = beside('input/text-as-read')
const PRINCIPAL = beside('identity/principal')

export const CORE_MUTANTS: readonly Mutant[] = [
  {
    ...PIPELINE,
    find: 'for (const guard of controls.guards) must(await guard(call))',
    replace: 'for (const guard of controls.guards.slice(1)) must(await guard(call))',
    because: 'the first guard is skipped',
  },
  {
    ...PIPELINE,
    find: 'must(await guard(call))',
    replace: 'await guard(call)',
    because: 'guards are asked and not obeyed',
  },
  {
    ...PIPELINE,
    find: "if (tool.effect !== 'read') await recorded",
    replace: "if (tool.effect === 'egress') await recorded",
    because: 'a write starts before its record is durable',
  },
  {
    ...PIPELINE,
    find: "if (tool.effect !== 'read') await recorded",
    replace: "if (tool.effect === 'write') await recorded",
    because: 'a request leaves the machine before its record is durable',
  },
  {
    ...PIPELINE,
    find: '      await recorded\n      about',
    replace: '      about',
    because: 'a read is released while its request record may still fail',
  },
  {
    ...PIPELINE,
    find: 'must(permit.decision)',
    replace: 'void permit.decision',
    because: 'what the caller carries, and what needs a yes, is asked for and not obeyed',
  },
  {
    ...PIPELINE,
    find: '...carried(await passage.carry())',
    replace: '...carried(await passage.carry().catch(() => ""))',
    because: 'an answer leaves although its label could not be kept',
  },
  {
    ...PIPELINE,
    find: 'await Promise.allSettled([work, recorded])',
    replace: 'await Promise.allSettled([work])',
    because: 'a record that fails during the work brings the process down',
  },
  {
    ...PIPELINE,
    find: 'const start = async <',
    replace: 'const start = <',
    because: 'an executor that throws at once leaves the request record without a reader',
  },
  {
    ...PIPELINE,
    find: 'screenDenial(denialOf(thrown), controls.filters)',
    replace: 'denialOf(thrown)',
    because: 'hidden text leaves inside a refusal',
  },
  {
    ...PIPELINE,
    find: "await audit({ type: 'tool_call.success'",
    replace: "void audit({ type: 'tool_call.success'",
    because: 'an answer leaves before its record is durable',
  },
  {
    ...PIPELINE,
    find: 'denial: lost ?? denial }',
    replace: 'denial }',
    because: 'a refusal that nobody recorded looks like any other',
  },
  {
    ...PIPELINE,
    find: "if (denial.code === 'rate_limited') return 'rate_limit.hit'",
    replace: '',
    because: 'rate limits cannot be counted in the trail',
  },
  { ...PIPELINE, find: "  'timeout',\n", replace: '', because: 'a fault is recorded as a refusal' },
  { ...PIPELINE, find: 'tool: Object.freeze(facts)', replace: 'tool: facts', because: 'a guard can rewrite the tool' },
  {
    ...PIPELINE,
    find: 'about = { ...about, ...(await marksOf(request.input, controls)) }',
    replace: '',
    because: 'injection patterns leave no trace',
  },
  {
    ...PIPELINE,
    find: 'releaseSteps(result, controls.filters, tool.budget, controls.answerMarks)',
    replace: 'releaseSteps(result, controls.filters.slice(1), tool.budget, controls.answerMarks)',
    because: 'a filter is skipped',
  },
  {
    ...PIPELINE,
    find: 'await withPauses(screening, controls.pause)',
    replace: 'result as unknown as Released',
    because: 'a third door: an answer leaves without being released',
  },
  {
    ...DECISION,
    find: "if (decision?.verdict === 'allow') return",
    replace: "if (decision?.verdict !== 'deny') return",
    because: 'whatever is not a refusal passes',
  },
  {
    ...DECISION,
    find: "decision?.verdict === 'deny' && isDenialCode(decision.code)",
    replace: "decision?.verdict === 'deny' && decision.code !== 'rate_limited'",
    because: 'a refusal by rate limit passes as a fault of the server',
  },
  {
    ...CLEAR,
    find: 'for (const policy of policies) must(policy(copy, call))',
    replace: 'for (const policy of policies) policy(copy, call)',
    because: 'policies are asked and not obeyed',
  },
  {
    ...CLEAR,
    find: 'for (const policy of policies) must',
    replace: 'for (const policy of policies.slice(0, 1)) must',
    because: 'only the first policy is asked',
  },
  {
    ...CLEAR,
    find: 'const copy = snapshot(operation)',
    replace: 'const copy = operation',
    because: 'what was judged can change before it runs',
  },
  {
    ...CLEAR,
    find: 'if (!minted.has(operation))',
    replace: 'if (!Object.isFrozen(operation))',
    because: 'a third door: a cast is as good as a clearance',
  },
  {
    ...CLEAR,
    find: 'minted.add(copy)\n  return',
    replace: 'minted.add(copy).add(operation)\n  return',
    because: 'the operation that can still change counts as cleared',
  },
  {
    ...SNAPSHOT,
    find: '  return Object.freeze(result)\n}\n\nfunction plain',
    replace: '  return result\n}\n\nfunction plain',
    because: 'a policy can rewrite the operation',
  },
  {
    ...SNAPSHOT,
    find: "property === undefined || !('value' in property)",
    replace: 'property === undefined',
    because: 'a getter goes along and is asked again later',
  },
  {
    ...SNAPSHOT,
    find: 'if (Array.isArray(value)) return copyArray(value, depth)',
    replace: 'if (Array.isArray(value)) return Object.freeze(value.map((item) => copy(item, depth + 1)))',
    because: 'a list brings its own map',
  },
  {
    ...SNAPSHOT,
    find: 'if (depth > MAX_DEPTH)',
    replace: 'if (depth > 2 * MAX_DEPTH)',
    because: 'operations nest without the stated bound',
  },
  {
    ...DENIAL,
    find: 'this.says = detail.says ?? DENIALS[code]',
    replace: 'this.says = detail.says ?? reason',
    because: 'the reason reaches the caller',
  },
  {
    ...DENIAL,
    find: 'Object.hasOwn(DENIALS, value)',
    replace: 'value in DENIALS',
    because: 'a name of the prototype is a code',
  },
  {
    ...UNSAFE,
    find: 'if (nowMs >= end + DAY_MS)',
    replace: 'if (nowMs >= end + 365 * DAY_MS)',
    because: 'a weakening outlives its end',
  },
  {
    ...UNSAFE,
    find: 'options.because.trim().length < 10',
    replace: 'options.because.length < 10',
    because: 'white space is a reason',
  },
  {
    ...TOOL,
    find: 'if (definition.needs.length === 0) throw',
    replace: 'if (definition.needs === undefined) throw',
    because: 'a tool that needs nothing is open to everyone',
  },
  {
    ...TOOL,
    find: '[definition.needs, definition.yields, definition.budget, definition.annotations]',
    replace: '[definition.needs, definition.yields, definition.annotations]',
    because: 'a guard can raise the budget of the next call',
  },
  {
    ...CAPABILITIES,
    find: 'yield { holds: policy !== undefined,',
    replace: 'yield { holds: true,',
    because: 'a server without a policy is open',
  },
  {
    ...PEOPLE,
    find: 'const isDenied = denied_tools.has(tool.name)',
    replace: 'const isDenied = denied_tools.has(tool.name) && !allowed_tools.has(tool.name)',
    because: 'allow wins over deny',
  },
  {
    ...PEOPLE,
    find: 'const isAllowed = allowed_tools.has(tool.name)',
    replace: 'const isAllowed = allowed_tools.size === 0 || allowed_tools.has(tool.name)',
    because: 'an empty allowed list allows everything',
  },
  {
    ...CAPABILITIES,
    find: 'const holds = caller.can.has(need)',
    replace: 'const holds = caller.can.size > 0',
    because: 'what the caller holds is not compared',
  },
  {
    ...PEOPLE,
    find: 'const holds = permissions.has(need)',
    replace: 'const holds = permissions.size > 0',
    because: 'what the server policy grants is not compared',
  },
  {
    ...RATE_LIMIT,
    find: 'options.ledger.take([...own, ...shared])',
    replace: 'options.ledger.take([])',
    because: 'calls are not counted',
  },
  {
    ...GCRA,
    find: '    arrivals.set(key, latest)\n',
    replace: '',
    because: 'a clock that is set back locks callers out',
  },
  {
    ...GCRA,
    find: 'intervalMs * (rate.burst - 1)',
    replace: 'intervalMs * rate.burst',
    because: 'one call too many in a burst',
  },
  {
    ...RATE_LIMIT,
    find: "[call.tool.name, '*'].flatMap",
    replace: '[call.tool.name].flatMap',
    because: 'the common limit of a caller is not applied',
  },
  {
    ...RATE_LIMIT,
    find: '`${tenant}\\n${id}`',
    replace: 'id',
    because: 'tenants share one limit, and one starves the other',
  },
  {
    ...GCRA,
    find: 'if (arrival <= now) arrivals.delete(key)',
    replace: 'if (arrival <= now + 1e9) arrivals.delete(key)',
    because: 'a flood of names wipes the counters of callers that are over their limit',
  },
  {
    ...LEDGER,
    find: 'waitMs: Math.ceil(waits[longest] ?? 0)',
    replace: 'waitMs: Math.floor(waits[longest] ?? 0)',
    because: 'a caller that waits as told is refused again',
  },
  {
    ...WORK_TIME,
    find: 'missing(tenant, at) + Math.max(0, ms)',
    replace: 'missing(tenant, at)',
    because: 'work costs nothing',
  },
  {
    ...WORK_TIME,
    find: 'const over = missing(caller.tenant, now()) - fullMs',
    replace: "const over = missing('acme', now()) - fullMs",
    because: 'one tenant pays for the work of all',
  },
  {
    ...WORK_TIME,
    find: 'Math.max(0, at - bucket.at) * refill',
    replace: '(at - bucket.at) * refill',
    because: 'a clock that is set back empties the bucket',
  },
  {
    ...WORK_TIME,
    find: 'Math.floor(over / refill) + 1',
    replace: 'Math.floor(over) + 1',
    because: 'a tenant that waits as told is refused again',
  },
  {
    ...WORK_TIME,
    find: 'return bucket === undefined ? 0 : Math.max(0, bucket.missingMs',
    replace: 'return bucket === undefined ? 0 : (bucket.missingMs',
    because: 'an idle hour is worth more than a minute of work',
  },
  {
    ...PARSE_INPUT,
    find: 'if (parsed.success) return parsed.data',
    replace: 'if (parsed.success || parsed.error.issues[0]?.code === "unrecognized_keys") return input as Input',
    because: 'unknown keys are accepted',
  },
  {
    ...PARSE_INPUT,
    find: ".replace(/[^\\x20-\\x7e]/g, '?').slice(0, 64)",
    replace: '.slice(0, 64)',
    because: 'a key of the caller carries control characters into the answer',
  },
  {
    ...INJECTION,
    find: 'read.slice(-LONGEST_MATCH) + asRead(piece)',
    replace: 'asRead(piece)',
    because: 'a phrase hides where a text is cut',
  },
  {
    ...INJECTION,
    find: 'asRead(piece)',
    replace: 'piece',
    because: 'a zero-width space hides a phrase',
  },
  {
    ...INJECTION,
    find: 'ignore[^]{0,20}previous[^]{0,20}',
    replace: 'ignore.{0,20}previous.{0,20}',
    because: 'a line break hides a phrase',
  },
  {
    ...PRINCIPAL,
    find: 'if (!ID.test(from.id)) throw',
    replace: 'if (from.id.length === 0) throw',
    because: 'an identity breaks the lines of the trail',
  },
  {
    ...PRINCIPAL,
    find: '.filter((capability) => CAPABILITIES.includes(capability))',
    replace: '',
    because: 'an unknown word is a capability',
  },
  {
    ...TEXT_AS_READ,
    find: "replace(SHAPELESS, '').replace(MARKS, '$1')",
    replace: "replace(SHAPELESS, '')",
    because: 'accents on one letter take minutes',
  },
  {
    ...TEXT_AS_READ,
    find: "normalize('NFKC').replace(MARKS, '$1')",
    replace: "normalize('NFKC')",
    because: 'a second reading gives another text',
  },
  {
    ...TEXT_AS_READ,
    find: '\\p{Default_Ignorable_Code_Point}|',
    replace: '',
    because: 'selectors and joiners keep two words apart that look the same',
  },
  {
    ...STEERING,
    find: 'if (not >= 0 && at - lastOf(row, not) <= within) continue',
    replace: '',
    because: 'a text that warns of an order is taken for one',
  },
  {
    ...STEERING,
    find: 'if (!all.every((each) =>',
    replace: 'if (!all.some((each) =>',
    because: 'one word of an order is enough',
  },
  {
    ...STEERING,
    find: "if (order === 'first' && others.some((each) => each < head)) continue",
    replace: '',
    because: 'words of an order in another order are one',
  },
  {
    ...STEERING,
    find: '[text, ...hidden, ...(yield* otherReadings(text))]',
    replace: '[text, ...hidden]',
    because: 'base64 and entities hide an order',
  },
  {
    ...SCANNER,
    find: 'if (folded === SKIP) unseen +=',
    replace: 'if (folded === SKIP) state = 0\n      if (folded === SKIP) unseen +=',
    because: 'a zero-width space hides a word',
  },
  {
    ...OTHER_READINGS,
    find: "(gap === between ? '' : ' ')",
    replace: "(gap === between ? ' ' : ' ')",
    because: 'letters set apart hide a word',
  },
  {
    ...PIPELINE,
    find: 'about = { ...about, ...withFound(about.marks, released.found) }',
    replace: '',
    because: 'what an answer held is not recorded',
  },
]
