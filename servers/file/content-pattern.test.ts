// What a pattern finds, which patterns are refused, and that none is answered with an engine error.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Denial } from '@hardened-mcp/security-core'
import fc from 'fast-check'
import { compileContent, LINE_UNITS } from './content-pattern.ts'

suite('compileContent()', () => {
  const FOUND: readonly (readonly [string, string, number | undefined])[] = [
    ['fox', 'a fox', 2],
    ['FOX', 'a fox', undefined],
    ['^fox$', 'fox', 0],
    ['\\bfox\\b', 'foxes', undefined],
    ['é', 'caffé', 4],
    ['o$', '😀 o', 3],
    ['[0-9]{3}', 'no 123', 3],
  ]
  for (const [pattern, line, start] of FOUND)
    test(`${pattern} in ${line}`, () => assert.equal(compileContent(pattern, false)(line), start))

  test('ignores case when asked', () => assert.equal(compileContent('FOX', true)('a fox'), 2))

  for (const bad of [
    '(',
    '[a',
    '(?=a)',
    '(?<!a)b',
    '(a)\\1',
    'a{1001}',
    '((((a{10}){10}){10}){10})',
    '*',
    '(?:a?){1000}',
  ])
    test(`refuses ${bad} in words that help`, () =>
      assert.throws(
        () => compileContent(bad, false),
        (thrown) =>
          thrown instanceof Denial && thrown.code === 'invalid_input' && thrown.says.startsWith('The pattern'),
      ))

  test('bombs of backtracking engines end on the longest line', () => {
    const line = `${'a'.repeat(LINE_UNITS - 1)}!`
    for (const bomb of ['(a+)+$', '(a|a)+$', '(a*)*b', '(.*)(.*)(.*)(.*)x', '(?:a?){400}a{400}$'])
      assert.equal(compileContent(bomb, false)(line), undefined)
  })

  test('either compiles or refuses any text', () => {
    const piece = fc.oneof(
      fc.constantFrom('(', ')', '[', ']', '{2}', '*', '+', '?', '|', '\\', '^', '$', '.'),
      fc.string({ maxLength: 2 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          compileContent(pieces.join(''), false)('some line')
        } catch (thrown) {
          assert.ok(thrown instanceof Denial)
        }
      }),
      { numRuns: 300 },
    )
  })
})
