// Proves that the README's table says what the headers say, and that a page without a place for it is an error.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { controlTable, withTable } from './control-table.ts'

const header = { path: 'a/b/x-y.ts', question: 'q?', threat: 't | u', rule: 'r', limits: 'l', proof: 'x.test.ts' }
const BEGIN = '<!-- controls:begin -->'
const END = '<!-- controls:end -->'

suite('controlTable()', () => {
  test('has one row for each control, with its bars escaped', () => {
    assert.equal(controlTable([header]).split('\n').at(-1), '| [x-y](a/b/x-y.ts) | q? | t \\| u | r | l |')
  })
})

suite('withTable()', () => {
  test('replaces what stands between the markers, and nothing else', () => {
    assert.equal(withTable(`a\n${BEGIN}old${END}\nz`, 'new'), `a\n${BEGIN}\nnew\n${END}\nz`)
  })
  test('changes nothing the second time', () => {
    const once = withTable(`${BEGIN}${END}`, 'new')
    assert.equal(withTable(once, 'new'), once)
  })
  for (const page of [
    '',
    BEGIN,
    END,
    `${END}${BEGIN}`,
    `${BEGIN}${BEGIN}${END}`,
    `${BEGIN}${END}${END}`,
    `${END}${BEGIN}${END}`,
  ])
    test(`refuses a page with ${page || 'no marker'}`, () => assert.throws(() => withTable(page, 'new'), RangeError))
})
