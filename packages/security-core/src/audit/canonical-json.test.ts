// Proves that a JSON value has exactly one canonical text, whatever its spelling was.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Denial } from '../denial.ts'
import { canonicalJson } from './canonical-json.ts'

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, shuffled(member)]),
  )
}

const TABLE: readonly (readonly [because: string, json: string, text: string])[] = [
  ['keys are sorted at every level', '{"b":{"d":1,"c":2},"a":0}', '{"a":0,"b":{"c":2,"d":1}}'],
  ['white space goes', '{ "a" : [ 1 , 2 ] }', '{"a":[1,2]}'],
  [
    'numbers have one form',
    '[1.0,1e0,100e-2,-0,1e20,1e21,0.000001,1e-7]',
    '[1,1,1,0,100000000000000000000,1e+21,0.000001,1e-7]',
  ],
  ['escapes that need not be go', '"\\u0061\\/\\u00e9"', '"a/é"'],
  ['escapes that must be have one form', '"\\u000a\\u0000\\u001f"', '"\\n\\u0000\\u001f"'],
  [
    'RFC 8785 §3.2.3: order by UTF-16 unit, not by code point',
    '{"\\ufb33":1,"\\ud83d\\ude00":2,"\\u20ac":3,"1":4,"\\r":5}',
    '{"\\r":5,"1":4,"€":3,"😀":2,"\ufb33":1}',
  ],
  ['integer-like keys are texts', '{"10":1,"9":2}', '{"10":1,"9":2}'],
  ['order in arrays means something', '[3,1,2]', '[3,1,2]'],
  ['a key named __proto__ is a key', '{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
  ['a lone surrogate stays, escaped', '"\\ud800"', '"\\ud800"'],
  ['its spelling as text is another value', '"\\\\ud800"', '"\\\\ud800"'],
]

suite('canonicalJson()', () => {
  for (const [because, json, text] of TABLE)
    test(because, () => {
      assert.equal(canonicalJson(JSON.parse(json)), text)
    })

  test('keeps the value, and does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = canonicalJson(value)
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
        assert.equal(canonicalJson(shuffled(value)), text)
        assert.equal(canonicalJson(JSON.parse(text)), text)
      }),
    )
  })

  test('tells different values apart', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const same = JSON.stringify(shuffled(shuffled(one))) === JSON.stringify(shuffled(shuffled(other)))
        if (same) assert.equal(canonicalJson(one), canonicalJson(other))
        if (canonicalJson(one) === canonicalJson(other))
          assert.deepEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)))
      }),
    )
  })

  test('an absent member is no member, an absent value is null', () => {
    assert.equal(canonicalJson({ a: undefined, b: [undefined] }), '{"b":[null]}')
    assert.equal(canonicalJson(undefined), 'null')
  })

  test('calls neither getters nor toJSON', () => {
    const trap = () => assert.fail('was called')
    assert.equal(canonicalJson(Object.defineProperty({}, 'a', { get: trap, enumerable: true })), '{}')
    assert.throws(() => canonicalJson({ toJSON: trap }), refused('function'))
  })

  for (const [name, value] of [
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['bigint', 1n],
    ['symbol', Symbol('s')],
    ['function', () => 1],
  ] as const)
    test(`refuses ${name}`, () => {
      assert.throws(() => canonicalJson([value]), refused('JSON cannot express'))
    })

  test('takes 64 levels, refuses 65, and does not run out of stack at 100 000', () => {
    const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown
    assert.equal(canonicalJson(nested(64)).length, 128)
    assert.throws(() => canonicalJson(nested(66)), refused('64 levels'))
    assert.throws(() => canonicalJson(nested(5_000)), refused('64 levels'))
    const cycle: unknown[] = []
    cycle.push(cycle)
    assert.throws(() => canonicalJson(cycle), refused('64 levels'))
  })

  test('refuses a value that unfolds to a text without end', () => {
    for (const leaf of ['x', [], {}]) {
      let value: unknown = leaf
      for (let level = 0; level < 40; level += 1) value = [value, value]
      assert.throws(() => canonicalJson(value), refused('longer'))
    }
  })
})

const refused = (part: string) => (thrown: unknown) =>
  thrown instanceof Denial && thrown.code === 'invalid_input' && thrown.message.includes(part)
