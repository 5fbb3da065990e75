// Breaks of approvals: one yes, for one call, of one caller, once.
import type { Mutant } from './mutants.ts'

const CORE = 'packages/security-core/src/approval'
const HOST = 'packages/host/src/approval'
const RULES = { file: `${CORE}/rules.ts`, tests: [`${CORE}/rules.test.ts`] }
const CONTROL = { file: `${CORE}/approvals.ts`, tests: [`${CORE}/approvals.test.ts`] }
const MEMORY = { ...CONTROL, file: `${CORE}/memory-approvals.ts` }
const DIRECTORY = { file: `${HOST}/directory-approvals.ts`, tests: [`${HOST}/directory-approvals.test.ts`] }
const DESK = { ...DIRECTORY, file: `${HOST}/operator-desk.ts` }
const CONSENT = { file: 'packages/host/src/mcp/consent.ts', tests: ['packages/host/src/mcp/consent.test.ts'] }

export const APPROVAL_MUTANTS: readonly Mutant[] = [
  {
    ...RULES,
    find: "gate.code !== 'tainted' || ",
    replace: '',
    because: 'an approval lifts a hard refusal',
  },
  {
    ...RULES,
    find: "!matching.some(({ when }) => when === 'tainted')",
    replace: 'matching.length === 0',
    because: 'a rule that asks more lifts what labels refuse',
  },
  {
    ...RULES,
    find: 'ORDER.findLast(',
    replace: 'ORDER.find(',
    because: 'the weakest of the rules counts',
  },
  {
    ...RULES,
    find: "when === 'tainted' ? touched.slice(0, 1) : touched",
    replace: 'touched',
    because: 'the place it comes from opens the place it goes to',
  },
  {
    ...CONTROL,
    find: 'server, tool.name, strength, scopes, text]',
    replace: 'server, tool.name, strength, scopes]',
    because: 'the arguments can be swapped',
  },
  {
    ...CONTROL,
    find: 'const bound = [who.tenant, who.id, caller.chain ?? [], policy,',
    replace: 'const bound = [who.tenant, who.id, caller.chain ?? [],',
    because: 'a yes outlives the policy that it was given under',
  },
  {
    ...CONTROL,
    find: 'caller.chain ?? []',
    replace: '[]',
    because: 'a yes for one actor is a yes for every actor',
  },
  {
    ...CONTROL,
    find: 'if (found !== undefined && answer?.id === found.id) {',
    replace: 'if (found !== undefined && answer !== undefined) {',
    because: 'the answer to one question answers another',
  },
  {
    ...CONTROL,
    find: 'if (answer.accepted) return spend(store, found)',
    replace: 'if (answer.accepted) return { decision: allow() }',
    because: 'an answer can be given twice',
  },
  {
    ...CONTROL,
    find: "if (found?.verdict === 'denied') return",
    replace: "if (found?.verdict === 'denied' && asked.consent === undefined) return",
    because: 'who was told no asks until it is a yes',
  },
  {
    ...CONTROL,
    find: 'found !== undefined && isEnough && token.issuedAt >= found.at - SAME_CLOCK_MS',
    replace: 'found !== undefined && isEnough',
    because: 'any old token is a step-up',
  },
  {
    ...CONTROL,
    find: 'if (await store.spend({ id: token.id })) return spend(store, found)',
    replace: 'return spend(store, found)',
    because: 'one token answers every question',
  },
  {
    ...CONTROL,
    find: 'const isEnough = scopes.every(',
    replace: 'const isEnough = scopes.some(() => true) || scopes.every(',
    because: 'a token without the scope is a step-up',
  },
  {
    ...CONTROL,
    find: 'return refusal(`The store of approvals fails: ${reason}`, SAYS.store)',
    replace: 'return { decision: allow(), approval: reason }',
    because: 'without its store everything is approved',
  },
  {
    ...MEMORY,
    find: 'if (of(facts.who).length >= perCaller) return undefined',
    replace: '',
    because: 'one caller fills the desk',
  },
  {
    ...MEMORY,
    find: 'if (used.has(id)) return false',
    replace: '',
    because: 'a yes is used twice at the same time',
  },
  {
    ...DIRECTORY,
    find: 'O_CREAT | O_EXCL | O_WRONLY',
    replace: 'O_CREAT | O_WRONLY',
    because: 'two processes use one yes',
  },
  {
    ...DIRECTORY,
    find: 'request.tenant === who.tenant && request.caller === who.id',
    replace: 'request.tenant === who.tenant',
    because: 'a request put into the place of another caller is his',
  },
  {
    ...DIRECTORY,
    find: 'if (approved.id !== id || approved.digest !== request.digest)',
    replace: 'if (approved.id !== id)',
    because: 'a verdict is about whatever request bears its id',
  },
  {
    ...DIRECTORY,
    find: 'inTime && now() < approved.at + request.grant_ms',
    replace: 'inTime',
    because: 'a yes is for ever',
  },
  {
    ...DIRECTORY,
    find: 'return inTime &&',
    replace: 'return',
    because: 'a yes from before the request counts',
  },
  {
    ...DIRECTORY,
    find: 'for (const folder of [requests, verdicts]) statSync(folder)',
    replace: 'for (const folder of [requests]) statSync(folder)',
    because: 'a desk without verdicts goes unnoticed',
  },
  {
    ...DESK,
    find: "if (state !== 'waiting' && !(state === 'approved' && word === 'denied'))",
    replace: "if (state === 'used')",
    because: 'what was refused is approved later',
  },
  {
    ...DESK,
    find: "if (request.strength !== 'operator')",
    replace: "if (request.strength === 'step_up')",
    because: 'the operator answers for the person behind the client',
  },
  {
    ...CONSENT,
    find: "if (action !== 'accept') return undefined",
    replace: '',
    because: 'a question that was put away is a yes',
  },
  {
    ...CONSENT,
    find: "typeof checked === 'boolean' ? { id, accepted: checked } : undefined",
    replace: '({ id, accepted: checked !== false })',
    because: 'a form sent back without its box is a yes',
  },
]
