// Proves that only whole, well-formed input goes on, and that a refusal repeats no value.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { Denial } from '../denial.ts'
import { parseInput } from './parse-input.ts'

const schema = z.strictObject({
  sql: z.string().min(1).max(20),
  max_rows: z.int().min(1).max(100).default(50),
  params: z
    .array(z.union([z.string().max(5), z.number(), z.null()]))
    .max(3)
    .optional(),
})

function refusalOf(input: unknown): Denial {
  try {
    parseInput(schema, input)
  } catch (thrown) {
    assert.ok(thrown instanceof Denial)
    return thrown
  }
  assert.fail('The input was accepted')
}

suite('parseInput()', () => {
  test('returns the parsed value with its defaults', () => {
    assert.deepEqual(parseInput(schema, { sql: 'SELECT 1' }), { sql: 'SELECT 1', max_rows: 50 })
  })

  test('reads absent arguments as an empty object', () => {
    assert.deepEqual(parseInput(z.strictObject({}), undefined), {})
  })

  for (const max_rows of [1, 100])
    test(`takes max_rows ${max_rows}`, () =>
      assert.equal(parseInput(schema, { sql: 'x', max_rows }).max_rows, max_rows))

  const REFUSED: readonly (readonly [name: string, input: unknown, says: string | RegExp])[] = [
    ['a missing argument', {}, /^Invalid arguments: sql: /],
    ['a wrong type', { sql: 7 }, /^Invalid arguments: sql: Invalid input: expected string/],
    ['an empty text', { sql: '' }, /sql: Too small/],
    ['a text one too long', { sql: 'x'.repeat(21) }, /sql: Too big/],
    ['zero rows', { sql: 'x', max_rows: 0 }, /max_rows: Too small/],
    ['101 rows', { sql: 'x', max_rows: 101 }, /max_rows: Too big/],
    ['half a row', { sql: 'x', max_rows: 1.5 }, /max_rows: /],
    ['a number as text', { sql: 'x', max_rows: '5' }, /max_rows: /],
    ['an unknown key', { sql: 'x', admin: true }, 'Invalid arguments: arguments: unknown key admin'],
    ['__proto__ as a key', JSON.parse('{"sql":"x","__proto__":{"max_rows":9}}'), /unknown key __proto__/],
    ['a list', [], /^Invalid arguments: arguments: /],
    ['a text', 'sql', /^Invalid arguments: arguments: /],
    ['a bad item', { sql: 'x', params: ['a', {}] }, /^Invalid arguments: params\.1: /],
  ]
  for (const [name, input, says] of REFUSED) {
    test(`refuses ${name} and says which rule`, () => {
      const denial = refusalOf(input)
      assert.equal(denial.code, 'invalid_input')
      if (typeof says === 'string') assert.equal(denial.says, says)
      else assert.match(denial.says, says)
    })
  }

  test('repeats no value of an argument', () => {
    for (const input of [{ sql: 'x', max_rows: 'S3CRET' }, { sql: ['S3CRET'] }, { sql: 'x', params: ['S3CRET'] }])
      assert.doesNotMatch(refusalOf(input).says, /S3CRET/)
  })

  test('property: whatever the keys are, the sentence is short printable ASCII', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.anything()), (extra) => {
        fc.pre(Object.keys(extra).some((key) => !['sql', 'max_rows', 'params'].includes(key)))
        assert.match(refusalOf({ ...extra, sql: 'x' }).says, /^[\x20-\x7e]{1,900}$/)
      }),
    )
  })
})
