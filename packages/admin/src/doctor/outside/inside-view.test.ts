// An answer from inside that was cut off is asked for again, and what stays missing is said.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { linesOf } from '../checks.ts'
import { wholeAnswer } from './inside-view.ts'

const LINES = ['user', 'capabilities', 'audit_private']
const line = (id: string, verdict = 'ok') => `${JSON.stringify({ id, verdict, checked: 'seen', mend: 'mend' })}\n`
const WHOLE = LINES.map((id) => line(id)).join('')
const asked = (...answers: readonly string[]) => {
  let at = 0
  const findings = wholeAnswer(LINES, () => ({ stdout: answers[at++] ?? '', stderr: 'gone\nmore' }))
  return [findings.map(({ id, verdict }) => `${id} ${verdict}`), findings.at(-1)?.checked, at]
}
const ALL = LINES.map((id) => `${id} ok`)

suite('wholeAnswer()', () => {
  test('takes a whole answer at once, and asks again for what was lost, to the middle of a line', () => {
    assert.deepEqual(asked(WHOLE), [ALL, 'seen', 1])
    assert.deepEqual(asked('', WHOLE.slice(0, -30), WHOLE), [ALL, 'seen', 3])
  })

  test('names the lines that stay lost, and never counts them as held', () => {
    const [first = ''] = WHOLE.split('\n')
    const expected = [['user ok', 'inside unknown'], 'no line from inside about capabilities, audit_private', 3]
    assert.deepEqual(asked(first, `${first}\n`, 'x'), expected)
    assert.deepEqual(asked(), [['inside unknown'], 'no answer from inside: gone', 3])
  })

  test('takes nothing that is no finding', () => {
    for (const text of ['null', '7', '{"id":"user"}', line('user', 'fine')])
      assert.deepEqual(asked(text, text, text)[0], ['inside unknown'], text)
  })

  test('a flag that was not given has no line to miss', () => {
    assert.equal(linesOf([]).length, 15)
    assert.equal(
      linesOf(['--audit', '/audit', '--keys', '/keys', '--taint', '/labels', '--approvals', '/a']).length,
      21,
    )
  })
})
