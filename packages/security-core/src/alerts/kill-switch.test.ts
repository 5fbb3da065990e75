// What is switched off is refused before it begins and ended while it runs; everything else goes on.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aCall, aCaller, aRequest, aTool, fakeExecutor, type NoteOperation } from '@hardened-mcp/testkit'
import { clear } from '../clear.ts'
import { allow } from '../decision.ts'
import { denialOf } from '../denial.ts'
import type { Executor } from '../pipeline.ts'
import { killSwitch, type SwitchedOff, type SwitchState, whatOf } from './kill-switch.ts'

function set(first: SwitchState = []) {
  let state = first
  const listeners = new Set<() => void>()
  const control = killSwitch({
    current: () => state,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  })
  return {
    ...control,
    listeners,
    turn(next: SwitchState) {
      state = next
      for (const listener of listeners) listener()
    },
  }
}
const call = aCall({ caller: { ...aCaller(), chain: ['gateway', 'bot'] } })
const cleared = () => clear<NoteOperation>({ op: 'read_note', name: 'shopping' }, [() => allow()], call)
const run = (execute: Executor<NoteOperation>) =>
  execute(cleared(), aTool().budget, aRequest().stop, call).then(
    () => 'released',
    (thrown: unknown) => denialOf(thrown).code,
  )
/** Works until it is told to stop, as a worker does. */
const endless: Executor<NoteOperation> = (_operation, _spend, stop) =>
  new Promise((_resolve, reject) => stop.addEventListener('abort', () => reject(new Error('killed'))))

suite('killSwitch()', () => {
  const CASES: readonly [what: string, entry: SwitchedOff, verdict: 'allow' | 'deny'][] = [
    ['everything', {}, 'deny'],
    ['its tenant', { tenant: 'acme' }, 'deny'],
    ['its caller', { principal: 'agent-1' }, 'deny'],
    ['who acts for its caller', { principal: 'bot' }, 'deny'],
    ['its tool', { tool: 'read_note' }, 'deny'],
    ['its caller in its tenant', { tenant: 'acme', principal: 'agent-1' }, 'deny'],
    ['another tenant', { tenant: 'acm' }, 'allow'],
    ['another caller', { principal: 'agent-10' }, 'allow'],
    ['another tool', { tool: 'read_notes' }, 'allow'],
    ['its caller in another tenant', { tenant: 'beta', principal: 'agent-1' }, 'allow'],
    ['its tool for another tenant', { tenant: 'beta', tool: 'read_note' }, 'allow'],
  ]
  for (const [what, entry, verdict] of CASES)
    test(`${what} switched off: ${verdict}`, async () => {
      const { guard, over } = set([{ tool: 'something_else' }, entry])
      assert.equal((await guard(call)).verdict, verdict)
      assert.equal(
        await run(over(fakeExecutor<NoteOperation>().execute)),
        verdict === 'deny' ? 'switched_off' : 'released',
      )
    })

  test('nothing switched off: every call passes', async () => assert.equal((await set().guard(call)).verdict, 'allow'))

  test('a list that cannot be read: no call passes', async () => {
    assert.equal((await set('broken').guard(call)).verdict, 'deny')
  })

  test('the reason is for the trail', async () => {
    const decision = await set([{ tool: 'read_note', reason: 'incident 7' }]).guard(call)
    assert.deepEqual(decision, {
      ...{ verdict: 'deny', code: 'switched_off', reason: 'Switched off: tool read_note; incident 7', detail: {} },
    })
  })

  test('a call that runs is ended when it is switched off, and nothing stays behind', { timeout: 30_000 }, async () => {
    const { over, turn, listeners } = set()
    const running = run(over(endless))
    turn([{ tool: 'another' }])
    turn([{ tenant: 'acme' }])
    assert.equal(await running, 'switched_off')
    assert.equal(listeners.size, 0)
  })

  test('what had ended when it was switched off does not go out', async () => {
    const { over, turn } = set()
    const late: Executor<NoteOperation> = async () => {
      turn([{}])
      return { text: '{"note":"hello"}' }
    }
    assert.equal(await run(over(late)), 'switched_off')
  })

  test('a client that goes away is no kill', async () => {
    const { over } = set()
    const gone = AbortSignal.abort()
    const execute: Executor<NoteOperation> = async (_operation, _spend, stop) => {
      stop.throwIfAborted()
      return { text: '{}' }
    }
    const thrown = await over(execute)(cleared(), aTool().budget, gone, call).catch((each: unknown) => each)
    assert.equal((thrown as Error).name, 'AbortError')
  })

  test('says what is off as the operator wrote it', () => {
    assert.equal(whatOf({}), 'all')
    assert.equal(whatOf({ tool: 't', tenant: 'a', reason: 'r' }), 'tenant a, tool t')
  })
})
