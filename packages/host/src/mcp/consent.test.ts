// Proves what is a question, who can be asked it, and that nothing but a checked box is a yes.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { answerOf, canAsk, formOf } from './consent.ts'

suite('canAsk()', () => {
  const rows: readonly (readonly [unknown, boolean])[] = [
    [undefined, false],
    [{}, false],
    [{ elicitation: null }, false],
    [{ elicitation: true }, false],
    [{ elicitation: {} }, true], // 2025-06-18 knows forms alone
    [{ elicitation: { form: {} } }, true],
    [{ elicitation: { url: {} } }, false],
    [{ elicitation: { url: {}, form: {} } }, true],
  ]
  for (const [capabilities, expected] of rows)
    test(`${JSON.stringify(capabilities)}: ${expected}`, () => assert.equal(canAsk(capabilities), expected))
})

suite('answerOf()', () => {
  const box = (approve: unknown) => ({ action: 'accept', content: { approve } })
  const rows: readonly (readonly [unknown, boolean | undefined])[] = [
    [box(true), true],
    [box(false), false],
    [{ action: 'decline' }, false],
    [{ action: 'decline', content: { approve: true } }, false],
    [{ action: 'cancel' }, undefined],
    [{ action: 'cancel', content: { approve: true } }, undefined],
    [box('true'), undefined],
    [box(1), undefined],
    [{ action: 'accept' }, undefined],
    [{ action: 'accept', content: null }, undefined],
    [{ action: 'ACCEPT', content: { approve: true } }, undefined],
    [{ content: { approve: true } }, undefined],
    [undefined, undefined],
    ['accept', undefined],
  ]
  for (const [response, accepted] of rows)
    test(`${JSON.stringify(response)}: ${accepted}`, () => {
      assert.deepEqual(answerOf('a_1', response), accepted === undefined ? undefined : { id: 'a_1', accepted })
      assert.equal(answerOf(undefined, response), undefined, 'without a question there is no answer')
    })

  test('the form shows the text as it is, and its one box is empty', () => {
    const { message, requestedSchema } = formOf({ strength: 'elicit', id: 'a_1', text: 'Allow it?' })
    assert.equal(message, 'Allow it?')
    assert.deepEqual(requestedSchema.required, ['approve'])
    assert.equal(requestedSchema.properties['approve']?.default, false)
  })
})
