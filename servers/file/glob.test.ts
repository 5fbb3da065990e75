// What globs mean, and that none of them costs more than the length of the name.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Denial } from '@hardened-mcp/security-core'
import fc from 'fast-check'
import { compileGlob } from './glob.ts'
import { MAX_GLOB_CHARS } from './operations.ts'
import { vectors } from './testing/vectors.ts'

const malformed = (thrown: unknown) => thrown instanceof Denial && thrown.code === 'invalid_input'

suite('compileGlob()', () => {
  for (const { name, given, expect, because } of vectors<{ glob: string; path: string }, boolean>('globs.json'))
    test(`${expect ? 'matches' : 'does not match'} ${name}: ${because}`, () => {
      assert.equal(compileGlob(given.glob)(given.path.split('/')), expect)
    })

  for (const glob of ['{a', '{a,{b}', '[a', '[]', 'a\\', '[z-a]', '{{{{{a}}}}}'])
    test(`refuses ${glob}`, () => assert.throws(() => compileGlob(glob), malformed))

  test('either compiles or refuses any text, and never answers with an engine error', () => {
    const piece = fc.oneof(
      fc.constantFrom('*', '**', '{', '}', ',', '[', ']', '!', '^', '-', '\\', '/', '?', '(', ')'),
      fc.string({ maxLength: 2 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          compileGlob(pieces.join(''))(['some', 'name'])
        } catch (thrown) {
          assert.ok(malformed(thrown), String(thrown))
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('means itself when every character is escaped', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((name) => !name.includes('/'))
    fc.assert(
      fc.property(text, (name) => {
        assert.equal(compileGlob([...name].map((character) => `\\${character}`).join(''))([name]), true)
      }),
    )
  })

  test('takes bombs in linear time', () => {
    const long = 'a'.repeat(255)
    const bombs = [
      '{a,b}'.repeat(40),
      '*a'.repeat(120),
      '{*a,*b,**}'.repeat(25),
      '?*'.repeat(100),
      '{{{{a,b},{c,d}}}}'.repeat(14),
    ]
    const start = performance.now()
    for (const bomb of bombs) {
      assert.ok(bomb.length <= MAX_GLOB_CHARS)
      const matches = compileGlob(bomb)
      for (let i = 0; i < 100; i++) matches([`${long}!`])
    }
    assert.ok(performance.now() - start < 10_000, 'a bomb of eighteen braces takes 5 s in a backtracking engine')
  })
})
