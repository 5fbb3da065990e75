// Question: who said yes to this very call?
// Threat:   a model that was talked into a write or a send; one yes used for other arguments, by somebody else, twice, or tomorrow.
// Rule:     an approval is for one caller, one digest of the whole operation and one policy, and is used once, within minutes; it
//           lifts the refusal of labels and nothing else. What cannot be looked up was not given.
// Limits:   `elicit` is what the client says its user answered; `step_up` what an issuer gave a token; only `operator` comes past both.
// Proof:    approvals.test.ts, packages/host/src/approval/directory-approvals.test.ts, test/attacks/approvals.test.ts
import { hash } from 'node:crypto'
import { canonicalJson } from '../audit/canonical-json.ts'
import { allow, type Decision, deny } from '../decision.ts'
import type { CallContext } from '../types.ts'
import type { ApprovalRequest, ApprovalStore, RequestFacts } from './approval-store.ts'
import type { Ask, Consent } from './ask.ts'
import { type ApprovalRule, type Demand, demandOf } from './rules.ts'

export type Asked<Operation extends object> = Readonly<{
  call: CallContext
  operation: Operation
  /** What the labels say, and what they would say if it arrived: see `Passage`. */
  gate: Decision
  /** The one that is written or sent to first. */
  places: readonly string[]
  labels: string
  consent?: Consent | undefined
}>

/** `approval` names the request in the audit trail. */
export type Permit = Readonly<{ decision: Decision; approval?: string }>
export type Approvals<Operation extends object> = (asked: Asked<Operation>) => Permit | Promise<Permit>

const SAYS = {
  store: 'This call needs an approval, and approvals cannot be given or looked up now',
  full: 'This call needs an approval, and too many requests of this caller wait already',
  used: 'The approval of this call has been used by another call',
  denied: 'This call was refused by the person who was asked',
  elicit:
    'This call needs the consent of the person behind the client, who was not asked or gave no answer. Clients with form elicitation can ask, over stdio or by protocol 2026-07-28',
  step_up: 'This call needs a fresh access token with more scope; API keys and local callers cannot have one',
  token: 'This call needs an access token that was issued for it, with more scope',
} as const

const SAME_CLOCK_MS = 30_000 // the skew that is accepted of an issuer everywhere else

/** For a server whose policy asks for none: the gate has the last word. */
export const unapproved: Approvals<object> = ({ gate }) => ({ decision: gate })

export function approvals<Operation extends object>(options: {
  rules: () => readonly ApprovalRule[]
  store: ApprovalStore
}): Approvals<Operation> {
  const { rules, store } = options
  return async function approvals(asked) {
    const { call, gate, places } = asked
    const demand = demandOf(rules(), call, places, gate)
    if (demand === undefined) return { decision: gate }
    try {
      const facts = factsOf(asked, demand)
      const found = await store.find(facts.who, facts.digest)
      if (found?.verdict === 'denied') return refusal('Refused before', SAYS.denied, found)
      return await BY_STRENGTH[demand.strength]({ asked, demand, facts, found, store })
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : 'unknown'
      return refusal(`The store of approvals fails: ${reason}`, SAYS.store)
    }
  }
}

type Step = Readonly<{
  asked: Asked<object>
  demand: Demand
  facts: RequestFacts
  found: ApprovalRequest | undefined
  store: ApprovalStore
}>

const BY_STRENGTH: Readonly<Record<Demand['strength'], (step: Step) => Promise<Permit>>> = {
  async elicit({ asked: { consent }, facts, found, store }) {
    const { answer } = consent ?? {}
    if (found !== undefined && answer?.id === found.id) {
      if (answer.accepted) return spend(store, found)
      await store.refuse(found)
      return refusal('The person behind the client said no', SAYS.denied, found)
    }
    if (consent?.canAsk !== true) return refusal('The client cannot ask its user', SAYS.elicit)
    const waiting = found ?? (await store.open(facts))
    if (waiting === undefined) return refusal('Too many requests wait', SAYS.full)
    return refusal('The client is to ask its user', SAYS.elicit, waiting, {
      strength: 'elicit',
      id: waiting.id,
      text: questionOf(facts),
    })
  },

  // The token has to come after the question: one that was there before was given for something else.
  async step_up({ asked: { call }, demand: { scopes }, facts, found, store }) {
    const { token } = call.caller
    if (token === undefined) return refusal('The caller has no access token', SAYS.step_up)
    const isEnough = scopes.every((scope) => token.scopes.includes(scope))
    if (found !== undefined && isEnough && token.issuedAt >= found.at - SAME_CLOCK_MS) {
      if (await store.spend({ id: token.id })) return spend(store, found)
    }
    const waiting = found ?? (await store.open(facts))
    if (waiting === undefined) return refusal('Too many requests wait', SAYS.full)
    return refusal(`A fresh token with ${scopes.join(' ')} is wanted`, SAYS.token, waiting, {
      strength: 'step_up',
      scopes,
    })
  },

  async operator({ facts, found, store }) {
    if (found?.verdict === 'approved') return spend(store, found)
    const waiting = found ?? (await store.open(facts))
    if (waiting === undefined) return refusal('Too many requests wait', SAYS.full)
    return refusal(
      'It waits for the operator',
      `This call needs the approval of the operator: request ${waiting.id}. Once it is given, the very same call passes once`,
      waiting,
    )
  },
}

async function spend(store: ApprovalStore, request: ApprovalRequest): Promise<Permit> {
  if (await store.spend(request)) return { decision: allow(), approval: request.id }
  return refusal('The approval was used already', SAYS.used, request)
}

const refusal = (reason: string, says: string, about?: Pick<ApprovalRequest, 'id'>, ask?: Ask): Permit => ({
  decision: deny('approval_required', reason, { says, ...(ask === undefined ? {} : { ask }) }),
  ...(about === undefined ? {} : { approval: about.id }),
})

function factsOf({ call, operation, places, labels }: Asked<object>, { strength, scopes }: Demand): RequestFacts {
  const { caller, server, tool, policy = '' } = call
  const who = { tenant: caller.tenant, id: caller.id }
  const text = canonicalJson(operation)
  const bound = [who.tenant, who.id, caller.chain ?? [], policy, server, tool.name, strength, scopes, text]
  return {
    ...{ who, server, tool: tool.name, places, labels, policy, strength, operation: text },
    digest: hash('sha256', JSON.stringify(bound)),
  }
}

// Made of what the policy says: whoever wrote the page that the model read has no word in it.
function questionOf({ server, tool, places, labels, operation, digest }: RequestFacts): string {
  const to = places.length === 0 ? '' : ` at ${places.map((place) => `"${ascii(place)}"`).join(', ')}`
  const carried = labels === '' ? '' : ` What the caller has read is ${labels}, and this call could carry it there.`
  return `Allow one call of ${tool} on server ${server}${to}?${carried} Its arguments, chosen by the model, are ${Buffer.byteLength(operation)} bytes (sha256 ${digest.slice(0, 12)}). The server wrote this question.`
}

const ascii = (text: string) =>
  text.replace(/[^ !#-[\]-~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
