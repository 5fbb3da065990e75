// Which bytes are one unambiguous message.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { strictJson } from './strict-json.ts'

const bytes = (text: string) => Buffer.from(text, 'utf8')
const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`

suite('strictJson()', () => {
  const REFUSED: readonly [name: string, body: Buffer, message: RegExp][] = [
    ['a key twice', bytes('{"method":"ping","method":"tools/call"}'), /key twice/],
    ['a key twice, once escaped', bytes('{"method":1,"meth\\u006fd":2}'), /key twice/],
    ['a key twice, deep inside', bytes('{"params":[{"a":{"x":1,"x":2}}]}'), /key twice/],
    ['__proto__ twice', bytes('{"__proto__":1,"__proto__":2}'), /key twice/],
    ['33 levels', bytes(nested(33)), /nests deeper than 32/],
    ['a batch', bytes('[{"jsonrpc":"2.0"}]'), /Batches/],
    ['a string', bytes('"ping"'), /not a JSON object/],
    ['null', bytes('null'), /not a JSON object/],
    ['nothing', bytes(''), /not JSON/],
    ['a trailing comma', bytes('{"a":1,}'), /not JSON/],
    ['two objects', bytes('{}{}'), /not JSON/],
    ['a byte order mark', bytes('\ufeff{}'), /not JSON/],
    ['an overlong slash', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), /not UTF-8/],
    ['half a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), /not UTF-8/],
  ]
  for (const [name, body, message] of REFUSED) {
    test(`refuses ${name}`, () => assert.throws(() => strictJson(body), message))
  }

  const ACCEPTED: readonly [name: string, text: string][] = [
    ['32 levels', nested(32)],
    ['the same key in two objects', '{"a":{"x":1},"b":{"x":2},"x":3}'],
    ['a key as a value', '{"a":"b","b":"a","c":["a","a"]}'],
    ['keys that differ in case', '{"a":1,"A":2}'],
    ['punctuation and quotes inside strings', '{"a":"{\\"a\\":1,\\"a\\":2}","b":"[[[{:,"}'],
    ['a string of a million escapes', `{"a":"${'\\\\n'.repeat(500_000)}"}`],
    ['an escaped backslash before the end of a string', '{"a":"\\\\","b":"\\\\\\""}'],
  ]
  for (const [name, text] of ACCEPTED) {
    test(`accepts ${name}`, () => assert.deepEqual(strictJson(bytes(text)), JSON.parse(text)))
  }

  test('agrees with JSON.parse on everything that JSON.stringify can write', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 6 })), (value) => {
        const text = JSON.stringify(value)
        assert.deepEqual(strictJson(bytes(text)), JSON.parse(text))
      }),
    )
  })
})
