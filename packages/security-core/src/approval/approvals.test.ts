// Proves that one yes opens one call: of this caller, with these arguments, under this policy, once, in time.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aCall, aCaller, fakeClock } from '@hardened-mcp/testkit'
import { allow, type Decision, deny } from '../decision.ts'
import type { CallContext } from '../types.ts'
import type { ApprovalStore, RequestFacts } from './approval-store.ts'
import { approvals, type Permit } from './approvals.ts'
import type { Ask, Consent } from './ask.ts'
import { memoryApprovals } from './memory-approvals.ts'
import type { ApprovalRule } from './rules.ts'

const LIFE = { elicit: 120_000, step_up: 300_000, operator: 600_000 }
const TAINTED = deny('tainted', 'What would arrive is private')

function desk(strength: ApprovalRule['strength'], over: { when?: ApprovalRule['when']; perCaller?: number } = {}) {
  const clock = fakeClock()
  let ids = 0
  const memory = memoryApprovals({
    lifeMs: LIFE,
    perCaller: over.perCaller ?? 2,
    now: clock.now,
    newId: () => `a_${ids++}`,
  })
  const opened: RequestFacts[] = []
  const approved = new Set<string>()
  const store: ApprovalStore = {
    ...memory,
    async find(who, digest) {
      const found = await memory.find(who, digest)
      return found !== undefined && approved.has(found.id) ? { ...found, verdict: 'approved' } : found
    },
    open(facts) {
      opened.push(facts)
      return memory.open(facts)
    },
  }
  const { when = 'always' } = over
  const control = approvals({ rules: () => [{ when, strength, scope: 'files:approve' }], store })
  const ask = async (from: {
    operation?: object
    call?: Partial<CallContext>
    consent?: Consent
    gate?: Decision
    places?: readonly string[]
  }) =>
    control({
      call: aCall({ policy: 'sha256:1', ...from.call }),
      operation: from.operation ?? { op: 'send', to: 'a' },
      gate: from.gate ?? allow(),
      places: from.places ?? ['site'],
      labels: '',
      consent: from.consent,
    })
  return { ask, clock, opened, approve: (id: string) => approved.add(id), store }
}

const says = ({ decision }: Permit) => (decision.verdict === 'allow' ? 'allow' : (decision.detail?.says ?? ''))
const passes = (permit: Permit) => permit.decision.verdict === 'allow'
const askOf = ({ decision }: Permit) => (decision.verdict === 'deny' ? decision.detail?.ask : undefined) as Ask
const yes = (id: string): Consent => ({ canAsk: true, answer: { id, accepted: true } })
const tokenOf = (id: string, issuedAt: number, scopes = ['files:approve']): Partial<CallContext> => ({
  caller: { ...aCaller(), auth: 'oauth', token: { id, issuedAt, scopes } },
})

suite('approvals()', () => {
  test('without a rule the gate has the last word', async () => {
    const control = approvals({ rules: () => [], store: desk('elicit').store })
    const asked = { call: aCall(), operation: {}, places: [], labels: '' }
    assert.deepEqual(await control({ ...asked, gate: allow() }), { decision: allow() })
    assert.deepEqual(await control({ ...asked, gate: TAINTED }), { decision: TAINTED })
  })

  test('a refusal that is not of labels stands, whatever was approved', async () => {
    const { ask, approve } = desk('operator', { when: 'tainted' })
    const first = await ask({ gate: TAINTED })
    approve(first.approval ?? '')
    const hard = deny('policy_denied', 'No')
    assert.deepEqual(await ask({ gate: hard }), { decision: hard })
    assert.ok(passes(await ask({ gate: TAINTED })))
  })

  test('elicit: asked once, answered once, used once', async () => {
    const { ask } = desk('elicit')
    const first = await ask({ consent: { canAsk: true } })
    assert.ok(!passes(first))
    const question = askOf(first) as Extract<Ask, { strength: 'elicit' }>
    assert.equal(question.id, 'a_0')
    assert.match(question.text, /^Allow one call of read_note on server notes at "site"\? Its arguments, chosen by/)
    assert.ok(passes(await ask({ consent: yes('a_0') })))
    const again = await ask({ consent: yes('a_0') })
    assert.ok(!passes(again), 'the same answer a second time')
    assert.equal((askOf(again) as { id: string }).id, 'a_1')
  })

  test('the question holds no word of the model, and what the policy says is plain ASCII', async () => {
    const { ask } = desk('elicit', { when: 'tainted' })
    const operation = { op: 'send', text: 'The user has agreed. Click yes.' }
    const permit = await ask({ consent: { canAsk: true }, operation, gate: TAINTED, places: ['s\u202ei"te'] })
    const { text } = askOf(permit) as { text: string }
    assert.ok(!text.includes('agreed'))
    assert.ok(text.includes('at "s\\u202ei\\u0022te"'), text)
  })

  test('elicit: a client that cannot ask is told how else, and nothing waits', async () => {
    const { ask, opened } = desk('elicit')
    for (const consent of [undefined, { canAsk: false }] as const)
      assert.match(says(await ask(consent === undefined ? {} : { consent })), /Clients with form elicitation can ask/)
    assert.deepEqual(opened, [])
  })

  test('elicit: a no stands until the question is over, and no yes comes after it', async () => {
    const { ask, clock } = desk('elicit')
    await ask({ consent: { canAsk: true } })
    const no = { canAsk: true, answer: { id: 'a_0', accepted: false } }
    assert.match(says(await ask({ consent: no })), /refused by the person/)
    assert.match(says(await ask({ consent: yes('a_0') })), /refused by the person/)
    clock.advance(LIFE.elicit)
    assert.equal((askOf(await ask({ consent: { canAsk: true } })) as { id: string }).id, 'a_1')
  })

  test('elicit: the answer to one question is not the answer to another', async () => {
    const { ask } = desk('elicit')
    const [one, other] = [{ operation: { to: 'a' } }, { operation: { to: 'b' } }]
    for (const each of [one, other]) await ask({ ...each, consent: { canAsk: true } })
    assert.ok(!passes(await ask({ ...other, consent: yes('a_0') })))
    assert.ok(passes(await ask({ ...other, consent: yes('a_1') })))
    assert.ok(passes(await ask({ ...one, consent: yes('a_0') })))
  })

  const others: readonly (readonly [because: string, over: Parameters<ReturnType<typeof desk>['ask']>[0]])[] = [
    ['other arguments', { operation: { op: 'send', to: 'b' } }],
    ['another caller', { call: { caller: aCaller(undefined, 'agent-2') } }],
    ['another tenant', { call: { caller: aCaller(undefined, 'agent-1', 'globex') } }],
    ['another actor', { call: { caller: { ...aCaller(), chain: ['relay'] } } }],
    ['another policy', { call: { policy: 'sha256:2' } }],
    ['another server', { call: { server: 'other' } }],
  ]
  for (const [because, over] of others)
    for (const strength of ['elicit', 'operator'] as const)
      test(`${strength}: a yes is not for ${because}`, async () => {
        const { ask, approve } = desk(strength)
        const { approval = '' } = await ask({ consent: { canAsk: true } })
        approve(approval)
        assert.ok(!passes(await ask({ ...over, consent: yes(approval) })))
        assert.ok(passes(await ask({ consent: yes(approval) })), 'and is still there for the call that it is for')
      })

  test('a question that is over is not answered any more', async () => {
    for (const strength of ['elicit', 'operator'] as const) {
      const { ask, approve, clock } = desk(strength)
      const { approval = '' } = await ask({ consent: { canAsk: true } })
      approve(approval)
      clock.advance(LIFE[strength])
      assert.ok(!passes(await ask({ consent: yes(approval) })))
    }
  })

  test('of calls at the same time exactly one passes', async () => {
    const { ask, approve } = desk('operator')
    const { approval = '' } = await ask({})
    approve(approval)
    const permits = await Promise.all(Array.from({ length: 20 }, () => ask({})))
    assert.equal(permits.filter(passes).length, 1)
  })

  test('step_up: a token issued since the question, with the scope, once', async () => {
    const { ask, clock } = desk('step_up')
    const before = clock.now() - 60_000
    const first = await ask({ call: tokenOf('t_old', before) })
    assert.deepEqual(askOf(first), { strength: 'step_up', scopes: ['files:approve'] })
    assert.ok(!passes(await ask({ call: tokenOf('t_old', before) })), 'it was there before the question')
    assert.ok(!passes(await ask({ call: tokenOf('t_poor', clock.now(), ['files:read']) })), 'it lacks the scope')
    assert.ok(!passes(await ask({ call: tokenOf('t_new', clock.now()), operation: { op: 'else' } })))
    assert.ok(passes(await ask({ call: tokenOf('t_new', clock.now()) })))
    await ask({ call: tokenOf('t_new', clock.now()) }) // a new question
    assert.ok(!passes(await ask({ call: tokenOf('t_new', clock.now()) })), 'one token, one call')
    assert.ok(passes(await ask({ call: tokenOf('t_next', clock.now()) })))
  })

  test('step_up: who has no token is told so, and nothing waits', async () => {
    const { ask, opened } = desk('step_up')
    const permit = await ask({})
    assert.match(says(permit), /API keys and local callers cannot have one/)
    assert.equal(askOf(permit), undefined)
    assert.deepEqual(opened, [])
  })

  test('as many requests wait as may, for each caller by itself', async () => {
    const { ask } = desk('operator', { perCaller: 2 })
    for (const to of ['a', 'b']) assert.match(says(await ask({ operation: { to } })), /request a_\d/)
    assert.match(says(await ask({ operation: { to: 'c' } })), /too many requests of this caller wait/)
    assert.match(says(await ask({ operation: { to: 'a' } })), /request a_0/)
    assert.match(says(await ask({ call: { caller: aCaller(undefined, 'agent-2') } })), /request a_2/)
  })

  test('a store that fails gives nothing, and its reason stays inside', async () => {
    const broken = new Error('EIO /srv/approvals')
    const store = { find: async () => Promise.reject(broken) } as unknown as ApprovalStore
    const control = approvals({ rules: () => [{ when: 'tainted', strength: 'operator' }], store })
    const { decision } = await control({ call: aCall(), operation: {}, gate: TAINTED, places: [], labels: '' })
    assert.ok(decision.verdict === 'deny')
    assert.equal(decision.code, 'approval_required')
    assert.doesNotMatch(decision.detail?.says ?? '', /srv/)
    assert.match(decision.reason, /EIO/)
  })
})
