// Slices of text: both sides of every boundary, surrogate pairs, byte budgets, and no text lost on the way through.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { cutText } from './cut-text.ts'

const WIDE = 1_000_000

suite('cutText()', () => {
  const rows: readonly (readonly [string, string, number, number, number, object])[] = [
    ['all of it', 'abc', 0, 3, WIDE, { text: 'abc' }],
    ['one short of all', 'abc', 0, 2, WIDE, { text: 'ab', next: 2 }],
    ['the rest', 'abc', 2, 5, WIDE, { text: 'c' }],
    ['at the end', 'abc', 3, 5, WIDE, { text: '' }],
    ['past the end', 'abc', 9, 5, WIDE, { text: '' }],
    ['nothing at all', '', 0, 5, WIDE, { text: '' }],
    ['ends before a pair that would be split', 'a😀b', 0, 2, WIDE, { text: 'a', next: 1 }],
    ['ends after a whole pair', 'a😀b', 0, 3, WIDE, { text: 'a😀', next: 3 }],
    ['starts at the pair it was sent into', 'a😀b', 2, 5, WIDE, { text: '😀b' }],
    ['one character is a whole pair, or paging would stand still', '😀😀', 0, 1, WIDE, { text: '😀', next: 2 }],
    ['bytes of JSON count, quotes included', 'abcdef', 0, 6, 7, { text: 'abcd', next: 4 }],
    ['escapes count', '""""""', 0, 6, 8, { text: '""', next: 2 }],
  ]
  for (const [name, text, start, length, maxBytes, expected] of rows)
    test(name, () => assert.deepEqual(cutText(text, start, length, maxBytes), expected))

  test('slices are well formed, within their budget, and join to the whole', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 60 })
    fc.assert(
      fc.property(
        texts,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 16, max: 40 }),
        (text, length, maxBytes) => {
          let joined = ''
          let next: number | undefined = 0
          while (next !== undefined) {
            const slice: ReturnType<typeof cutText> = cutText(text, next, length, maxBytes)
            assert.ok(slice.text.isWellFormed())
            assert.ok(Buffer.byteLength(JSON.stringify(slice.text)) <= maxBytes)
            assert.ok(slice.next === undefined || slice.next > next, 'it goes on')
            joined += slice.text
            next = slice.next
          }
          assert.equal(joined, text)
        },
      ),
    )
  })
})
