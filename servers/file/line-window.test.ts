// Windows on a text: whatever their size, in a row they give the text back, and none is over its bytes.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { textBytes } from './answer-budget.ts'
import { lastLines } from './last-lines.ts'
import { lineWindow } from './line-window.ts'

const whole = { line: 1, column: 0, lines: 1_000, bytes: 1_000, numbered: false }
function take(pieces: readonly string[], over: Partial<typeof whole>) {
  const window = lineWindow({ ...whole, ...over })
  for (const piece of pieces) window.add(piece)
  return { text: window.text(), cut: window.cut(), lines: window.lines() }
}

suite('lineWindow()', () => {
  const ROWS: readonly (readonly [string, readonly string[], Partial<typeof whole>, object])[] = [
    ['everything', ['a\nb\n'], {}, { text: 'a\nb\n', cut: undefined, lines: 2 }],
    ['no line end at the end', ['a\nb'], {}, { text: 'a\nb', cut: undefined, lines: 2 }],
    ['nothing', [], {}, { text: '', cut: undefined, lines: 0 }],
    ['an empty line', ['\n'], {}, { text: '\n', cut: undefined, lines: 1 }],
    ['carriage returns', ['a\r\nb'], {}, { text: 'a\r\nb', cut: undefined, lines: 2 }],
    ['a first line', ['a\nb\nc'], { line: 2 }, { text: 'b\nc', cut: undefined, lines: 3 }],
    ['a number of lines', ['a\nb\nc'], { lines: 2 }, { text: 'a\nb\n', cut: { reason: 'rows', next: 3 }, lines: 3 }],
    ['exactly all lines', ['a\nb\n'], { lines: 2 }, { text: 'a\nb\n', cut: undefined, lines: 2 }],
    ['one line more than asked', ['a\nb\nc'], { lines: 2, line: 2 }, { text: 'b\nc', cut: undefined, lines: 3 }],
    ['beyond the end', ['a\n'], { line: 5 }, { text: '', cut: undefined, lines: 1 }],
    [
      'whole lines while one fits',
      ['aa\nbb\n'],
      { bytes: 6 },
      { text: 'aa\n', cut: { reason: 'bytes', next: 2 }, lines: 2 },
    ],
    [
      'the line end costs two bytes as JSON',
      ['aa\nbb\n'],
      { bytes: 8 },
      { text: 'aa\nbb\n', cut: undefined, lines: 2 },
    ],
    [
      'a part of a long line',
      ['aaaaaa'],
      { bytes: 4 },
      { text: 'aaaa', cut: { reason: 'bytes', next: 1, next_column: 4 }, lines: 1 },
    ],
    ['the rest of it', ['aaaabb\nc'], { column: 4 }, { text: 'bb\nc', cut: undefined, lines: 2 }],
    [
      'never half a pair',
      ['\u{1F600}\u{1F600}'],
      { bytes: 5 },
      { text: '\u{1F600}', cut: { reason: 'bytes', next: 1, next_column: 2 }, lines: 1 },
    ],
    ['a line in pieces', ['a', 'b', '\n', 'c'], {}, { text: 'ab\nc', cut: undefined, lines: 2 }],
    [
      'a line in pieces that does not fit',
      ['x\n', 'aa', 'aa', 'aa'],
      { bytes: 6 },
      { text: 'x\n', cut: { reason: 'bytes', next: 2 }, lines: 2 },
    ],
    ['numbers', ['a\nb', 'c\nd'], { numbered: true, line: 2 }, { text: '2\tbc\n3\td', cut: undefined, lines: 3 }],
    [
      'quotes cost two bytes',
      ['""""'],
      { bytes: 4 },
      { text: '""', cut: { reason: 'bytes', next: 1, next_column: 2 }, lines: 1 },
    ],
  ]
  for (const [name, pieces, over, expected] of ROWS)
    test(`takes ${name}`, () => assert.deepEqual(take(pieces, over), expected))

  const text = fc
    .array(
      fc.constantFrom('a', 'bb', '\n', '\n', '\r\n', '"', '\\', 'ü', '\u{1F600}', '\t', '\u0001', 'x'.repeat(30)),
      { maxLength: 60 },
    )
    .map((parts) => parts.join(''))
  const split = (whole_: string, size: number) => whole_.match(new RegExp(`[^]{1,${size}}`, 'gu')) ?? []

  test('gives the whole text back, page after page, each within its bytes', () => {
    const sizes = fc.record({
      bytes: fc.integer({ min: 6, max: 60 }),
      lines: fc.integer({ min: 1, max: 9 }),
      piece: fc.integer({ min: 1, max: 9 }),
    })
    fc.assert(
      fc.property(text, sizes, (given, { bytes, lines, piece }) => {
        let all = ''
        let at = { line: 1, column: 0 }
        for (let page = 0; ; page++) {
          assert.ok(page < 2_000, 'every page makes progress')
          const part = take(split(given, piece), { ...at, bytes, lines })
          assert.ok(textBytes(part.text) <= bytes)
          all += part.text
          if (part.cut?.next === undefined) break
          at = { line: part.cut.next, column: part.cut.next_column ?? 0 }
        }
        assert.equal(all, given)
      }),
      { numRuns: 500 },
    )
  })

  test('is the same however the text is cut into pieces', () => {
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 6, max: 80 }),
        fc.boolean(),
        (given, piece, bytes, numbered) => {
          assert.deepEqual(
            take(split(given, piece), { bytes, numbered, line: 2 }),
            take([given], { bytes, numbered, line: 2 }),
          )
        },
      ),
    )
  })
})

suite('lastLines()', () => {
  const last = (content: string | Buffer, over: object = {}) =>
    lastLines(Buffer.from(content), { encoding: 'utf-8', whole: true, lines: 2, bytes: 100, ...over })

  test('takes the last lines in their order', () => {
    assert.deepEqual(last('a\nb\nc\n'), { text: 'b\nc\n', totalLines: 3, isCut: false })
    assert.deepEqual(last('a\nb\nc'), { text: 'b\nc', totalLines: 3, isCut: false })
    assert.deepEqual(last('a'), { text: 'a', totalLines: 1, isCut: false })
    assert.deepEqual(last(''), { text: '', totalLines: 0, isCut: false })
  })

  test('leaves out the broken line at the front, and says when it has fewer than were asked for', () => {
    assert.deepEqual(last('ken\nb\nc\n', { whole: false }), { text: 'b\nc\n', isCut: false })
    assert.deepEqual(last('ken\nb\nc\n', { whole: false, lines: 3 }), { text: 'b\nc\n', isCut: true })
    assert.deepEqual(last(Buffer.from([0x9f, 0x98, 0x80, 0x61]), { whole: false }), { text: 'a', isCut: true })
  })

  test('keeps the end when not everything fits', () => {
    assert.deepEqual(last('aaaa\nbb\n', { bytes: 6 }), { text: 'bb\n', totalLines: 2, isCut: true })
    assert.deepEqual(last('aaaaaaaa', { bytes: 4 }), { text: 'aaaa', totalLines: 1, isCut: true })
  })
})
