// One reading for every path: hostile ones are refused, odd but honest ones pass unchanged.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { isSpeakable, pathReader, virtualPath } from './path-syntax.ts'
import { vectors } from './testing/vectors.ts'

const ROOTS = [
  { name: 'docs', path: '/srv/docs' },
  { name: 'src', path: '/srv/src/' },
  { name: 'inner', path: '/srv/docs/inner' },
]
const read = pathReader(ROOTS)

suite('pathReader()', () => {
  for (const { name, given, expect, because } of vectors<string, string>('refused.json'))
    test(`refuses ${name}: ${because}`, () => {
      const reading = read(given)
      assert.equal(reading.ok, false)
      if (!reading.ok) assert.equal(reading.rule, expect)
    })

  for (const { name, given, expect, because } of vectors<string, { root: string; path: string }>('allowed.json'))
    test(`reads ${name}: ${because}`, () => {
      const reading = read(given)
      assert.ok(reading.ok)
      assert.equal(reading.place.root.name, expect.root)
      assert.equal(reading.place.segments.join('/'), expect.path)
    })

  test('knows no place without a root', () => {
    for (const text of ['a', '.', '/a', 'docs:/a', '/']) assert.equal(pathReader([])(text).ok, false)
  })

  test('reads back every name an answer gives', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((text) => {
      return isSpeakable(text) && !text.includes('/') && text !== '.' && text !== '..' && Buffer.byteLength(text) < 256
    })
    fc.assert(
      fc.property(fc.array(name, { maxLength: 8 }), fc.constantFrom(...ROOTS), (segments, root) => {
        assert.deepEqual(read(virtualPath({ root, segments })), { ok: true, place: { root, segments } })
      }),
    )
  })

  test('yields only names that stay in their directory, whatever the text', () => {
    const piece = fc.oneof(
      fc.constantFrom('/', '..', '.', '\\', '%2e', 'docs:', '\0', '~', '//'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const reading = read(pieces.join(''))
        if (!reading.ok) return
        for (const segment of reading.place.segments) {
          assert.ok(
            segment !== '' && segment !== '.' && segment !== '..' && !segment.includes('/') && !segment.includes('\0'),
          )
          assert.equal(Buffer.from(segment).toString(), segment)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
