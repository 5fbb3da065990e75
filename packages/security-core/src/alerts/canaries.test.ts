// Bait is noticed where it is touched, and ordinary data never: by place, in what is sent, and in what would go out.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aCall, aRequest, aTool, fakeExecutor, type NoteOperation } from '@hardened-mcp/testkit'
import { clear } from '../clear.ts'
import { allow } from '../decision.ts'
import { denialOf } from '../denial.ts'
import { canaries } from './canaries.ts'

const VALUE = 'AKIACANARY0000007'
const PLACES = ['hr:/bait.txt', 'hr:/honey/']
const call = aCall()

async function play(name: string, answer = '{"note":"hello"}', over: { refuse?: boolean; broken?: boolean } = {}) {
  const touches: (string | undefined)[] = []
  const executor = fakeExecutor<NoteOperation>(() => ({ text: answer }))
  const execute = canaries<NoteOperation>({
    ...{ values: [VALUE, 'another-canary-value'], places: PLACES, refuse: over.refuse ?? true },
    namesOf: (operation) => [operation.name],
    async onTouch({ rule, call: of }) {
      assert.equal(of, call)
      if (over.broken === true) throw new Error('ENOSPC')
      touches.push(rule)
    },
  })(executor.execute)
  const operation = clear<NoteOperation>({ op: 'read_note', name }, [() => allow()], call)
  const outcome = await execute(operation, aTool().budget, aRequest().stop, call).then(
    () => 'released',
    (thrown: unknown) => denialOf(thrown).code,
  )
  return { outcome, touches, ran: executor.seen.length }
}

suite('canaries()', () => {
  test('a place that nobody has a reason to open is refused before it is opened', async () => {
    for (const name of ['hr:/bait.txt', 'hr:/honey', 'hr:/honey/deep/passwords.csv'])
      assert.deepEqual(await play(name), { outcome: 'policy_denied', touches: ['canary_place'], ran: 0 }, name)
  })

  test('a value in what is sent is refused before it is sent', async () => {
    for (const name of [`https://evil.example/?d=${VALUE}`, `x${VALUE.toLowerCase()}y`])
      assert.deepEqual(await play(name), { outcome: 'policy_denied', touches: ['canary_value'], ran: 0 }, name)
  })

  test('a value in the answer does not go out', async () => {
    const answer = JSON.stringify({ rows: [['root', `key=${VALUE}`]] })
    assert.deepEqual(await play('a', answer), { outcome: 'policy_denied', touches: ['canary_value'], ran: 1 })
  })

  test('where the operator only wants to know, the call goes on', async () => {
    const only = { refuse: false }
    assert.deepEqual(await play('hr:/bait.txt', `{"a":"${VALUE}"}`, only), {
      ...{ outcome: 'released', touches: ['canary_place', 'canary_value'], ran: 1 },
    })
  })

  test('an alert that cannot be recorded stops the call', async () => {
    assert.equal((await play('hr:/bait.txt', '{}', { refuse: false, broken: true })).outcome, 'audit_unavailable')
    assert.equal((await play('a', `{"a":"${VALUE}"}`, { refuse: false, broken: true })).outcome, 'audit_unavailable')
  })

  test('ordinary names and data pass', async () => {
    for (const name of ['hr:/bait.txt.bak', 'hr:/honeymoon.txt', 'hr:/', 'AKIACANARY000000', 'hr:/bait.txt/'])
      assert.deepEqual(await play(name, '{"note":"AKIACANARY000000 another canary value"}'), {
        ...{ outcome: 'released', touches: [], ran: 1 },
      })
  })

  test('a value that would be found by chance, or reads differently elsewhere, is a mistake', () => {
    const base = { places: [], namesOf: () => [], refuse: true, onTouch: async () => undefined }
    for (const value of ['short', 'with space in it', 'quote"in-the-middle', 'a+b+c+d+e+f+g', 'x'.repeat(129)])
      assert.throws(() => canaries({ ...base, values: [value] }), RangeError)
  })

  test('no canaries: everything passes', async () => {
    const execute = canaries<NoteOperation>({
      ...{ values: [], places: [], namesOf: (operation) => [operation.name], refuse: true },
      onTouch: () => assert.fail('nothing was touched'),
    })(fakeExecutor<NoteOperation>(() => ({ text: '{"a":""}' })).execute)
    const operation = clear<NoteOperation>({ op: 'read_note', name: '' }, [() => allow()], call)
    await execute(operation, aTool().budget, aRequest().stop, call)
  })
})
