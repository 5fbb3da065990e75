// What a model reads is spelt out, what a person does not see is told, and what scripts and emoji need stays.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { asRead, hiddenIn, mixedWords, skeleton } from './text-as-read.ts'

const tags = (text: string) =>
  String.fromCodePoint(...[...text].map((letter) => 0xe0000 + (letter.codePointAt(0) ?? 0)))
const selectors = (text: string) =>
  String.fromCodePoint(...[...Buffer.from(text)].map((byte) => (byte < 16 ? 0xfe00 + byte : 0xe0100 + byte - 16)))

suite('hiddenIn() and asRead()', () => {
  const HIDDEN: readonly [name: string, text: string, kind: string, read: string][] = [
    ['tag characters', `ok${tags('send it')}`, 'tags', 'oksend it'],
    ['bytes in selectors behind an emoji', `😀${selectors('read id_rsa')}`, 'selectors', '😀read id_rsa'],
    ['a right-to-left override', 'a\u202egnp.exe', 'bidi', 'agnp.exe'],
    ['an isolate', '\u2066abc\u2069', 'bidi', 'abc'],
    ['a zero-width space in a word', 'ig\u200bnore', 'zero_width', 'ignore'],
    ['a soft hyphen in a word', 'ig\u00adnore', 'zero_width', 'ignore'],
    ['a joiner between Latin letters', 'ig\u200dnore', 'zero_width', 'ignore'],
    ['joiners as Morse code', '\u200c\u200d\u200c\u200d\u200c', 'zero_width', ''],
    ['a Hangul filler', 'read\u3164', 'filler', 'read'],
    ['a braille blank', 'a\u2800b', 'filler', 'ab'],
    ['a terminal escape', 'a\u001b[8mb', 'control', 'a[8mb'],
    ['a C1 control', 'a\u009bb', 'control', 'ab'],
    ['a tag sequence that is no flag of the list', `\u{1F3F4}${tags('zz')}\u{E007F}`, 'tags', '\u{1F3F4}zz'],
  ]
  for (const [name, text, kind, read] of HIDDEN)
    test(name, () => {
      assert.equal(hiddenIn(text)[0]?.kind, kind)
      assert.equal(asRead(text), read)
    })

  const PLAIN: readonly [name: string, text: string][] = [
    ['prose with line breaks and tabs', 'one\n\ttwo\r\nthree'],
    ['Persian with its non-joiner', 'می\u200cخواهم'],
    ['Devanagari with a joiner', 'क्\u200dष'],
    ['a family of emoji', '👩\u200d👩\u200d👧'],
    ['an emoji with its selector', '❤\ufe0f'],
    ['a variant of an ideograph', '葛\u{E0100}'],
    ['the flag of Scotland', `\u{1F3F4}${tags('gbsct')}\u{E007F}`],
  ]
  for (const [name, text] of PLAIN) test(`${name} hides nothing`, () => assert.deepEqual(hiddenIn(text), []))

  test('says what is spelt, and where', () =>
    assert.deepEqual(hiddenIn(`ab${tags('hi')}c`), [{ kind: 'tags', at: 2, length: 4, spells: 'hi' }]))

  test('full-width letters are letters', () => assert.equal(asRead('ｉｇｎｏｒｅ'), 'ignore'))

  test('whatever shapeless character is put anywhere into a word is found, and the word is read whole', () =>
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'abcXYZ '), minLength: 2, maxLength: 20 }),
        fc.constantFrom(...'\u00ad\u200b\u2060\ufeff\u202e\u2066\u115f\u2800\u0007\u0085'),
        fc.nat(),
        (text, character, place) => {
          const at = place % text.length
          const polluted = text.slice(0, at) + character + text.slice(at)
          assert.deepEqual([hiddenIn(polluted)[0]?.at, asRead(polluted), hiddenIn(text)], [at, text, []])
        },
      ),
    ))
})

suite('asRead() and skeleton(), whatever the text', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 1 }),
    fc.constantFrom(
      '\u0301',
      '\u0316',
      '´',
      'ﷺ',
      'ﬁ',
      '\ud800',
      '\udc00',
      'İ',
      'ẞ',
      'Ａ',
      '\u200b',
      '\uffa0',
      tags('a'),
    ),
  )

  test('a second reading changes nothing, and no half of a pair is left where there was none', () =>
    fc.assert(
      fc.property(fc.string({ unit: piece, maxLength: 60 }), (text) => {
        const read = asRead(text)
        assert.equal(asRead(read), read)
        assert.ok(!text.isWellFormed() || read.isWellFormed())
        assert.equal(skeleton(read), skeleton(text))
      }),
      { numRuns: 1_000 },
    ))

  test('a spacing accent before thirty marks: its own mark is the thirty-first', () => {
    const read = asRead(`´${'\u0316'.repeat(30)}`)
    assert.equal(read, ` ${'\u0316'.repeat(30)}`)
    assert.equal(asRead(read), read)
  })

  test('accents on one letter, all of one kind before the next: NFKC alone moves each past all before it', () => {
    const started = performance.now()
    asRead(`a${'\u0301'.repeat(80_000)}${'\u0316'.repeat(80_000)}`) // half a minute without the bound
    assert.ok(performance.now() - started < 10_000)
  })

  test('a selector behind a letter shapes it and is not read', () =>
    assert.equal(asRead('i\ufe0fgn\u034fore'), 'ignore'))

  const HOSTILE = ['\u0301', 'ﷺ', '\u200b', '\u200c\u200d', '\ufe0f', tags('x'), '\ud800', 'а']
  for (const read of [asRead, skeleton, hiddenIn, mixedWords])
    for (const unit of HOSTILE)
      test(`${read.name}: a million units of ${JSON.stringify(unit)} end in seconds`, () => {
        const started = performance.now()
        read(`a${unit.repeat(1_000_000 / unit.length)}`)
        assert.ok(performance.now() - started < 20_000)
      })
})

suite('skeleton() and mixedWords()', () => {
  const ROWS: readonly [text: string, skeleton: string, mixed: number][] = [
    ['re\u0430d_f\u0456le', 'read_file', 2],
    ['ignоrе', 'ignore', 1],
    ['ɪɢɴᴏʀᴇ', 'ignore', 0],
    ['Ïgnoré', 'ignore', 0],
    ['𝐢𝐠𝐧𝐨𝐫𝐞', 'ignore', 0],
    ['σ-algebra', 'o-algebra', 0],
    ['API-ключ', 'api-kлюч', 0],
    ['5 μm', '5 um', 0],
  ]
  for (const [text, expected, mixed] of ROWS)
    test(JSON.stringify(text), () => {
      assert.equal(skeleton(text), expected)
      assert.equal(mixedWords(text).length, mixed)
    })
})
