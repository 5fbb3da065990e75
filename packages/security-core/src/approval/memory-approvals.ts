// Requests for approval kept in one process: for questions that the client answers, and the measure of stores that are shared.
import type { ApprovalRequest, ApprovalStore, RequestFacts } from './approval-store.ts'
import type { Strength } from './ask.ts'

const MOST = 100_000 // requests and used ids together
const SKEW_MS = 60_000 // a token may be older than its question by the skew of the issuer's clock

type Kept = Readonly<{ request: ApprovalRequest; facts: RequestFacts; until: number }>

/** A request stands for `lifeMs`. Ids that were used are remembered for longer than any request stands. */
export function memoryApprovals(options: {
  lifeMs: Readonly<Record<Strength, number>>
  perCaller: number
  now: () => number
  newId: () => string
}): ApprovalStore {
  const { lifeMs, perCaller, now, newId } = options
  const usedMs = Math.max(...Object.values(lifeMs)) + SKEW_MS
  const kept = new Map<string, Kept>()
  const used = new Map<string, number>()
  const dropOld = () => {
    for (const [id, { until }] of kept) if (until <= now()) kept.delete(id)
    for (const [id, until] of used) if (until <= now()) used.delete(id)
    if (kept.size + used.size >= MOST) throw new RangeError('The store of approvals is full')
  }
  const of = ({ tenant, id }: RequestFacts['who']) =>
    [...kept.values()].filter(({ facts, until }) => facts.who.tenant === tenant && facts.who.id === id && now() < until)
  return {
    find: async (who, digest) => of(who).find(({ facts }) => facts.digest === digest)?.request,
    async open(facts) {
      dropOld()
      if (of(facts.who).length >= perCaller) return undefined
      const request = { id: newId(), at: now() }
      kept.set(request.id, { request, facts, until: request.at + lifeMs[facts.strength] })
      return request
    },
    async spend({ id }) {
      dropOld()
      if (used.has(id)) return false
      used.set(id, now() + usedMs)
      kept.delete(id)
      return true
    },
    async refuse({ id }) {
      const asked = kept.get(id)
      if (asked !== undefined) kept.set(id, { ...asked, request: { ...asked.request, verdict: 'denied' } })
    },
  }
}
