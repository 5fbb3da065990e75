// The corpora of refused and allowed URLs, read by our two readers, and properties that hold for any text.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import allowed from '../../../../../test/vectors/urls/allowed.json' with { type: 'json' }
import refused from '../../../../../test/vectors/urls/refused.json' with { type: 'json' }
import { publicHost } from './public-host.ts'
import { sayUrlRule, URL_RULES } from './url-rules.ts'
import { HTTPS_PORT, readUrl } from './url-syntax.ts'

/** The rule that refuses `text`, or `allowed`. */
function ruling(text: string): string {
  const reading = readUrl(text)
  if (!reading.ok) return reading.rule
  const decision = publicHost(reading.url)
  if (decision.verdict === 'deny') return decision.reason.split(':')[0] ?? ''
  return reading.url.port === HTTPS_PORT ? 'allowed' : 'port'
}

suite('readUrl() and publicHost() on the corpora', () => {
  test('the corpora have the promised size', () => {
    assert.ok(refused.length >= 300, `${refused.length} refused`)
    assert.ok(allowed.length >= 80, `${allowed.length} allowed`)
  })
  for (const { given, expect, because } of refused)
    test(`refuses ${JSON.stringify(given).slice(0, 80)} (${expect}): ${because}`, () =>
      assert.equal(ruling(given), expect))
  for (const { given, expect, because } of allowed) {
    test(`reads ${JSON.stringify(given).slice(0, 80)}: ${because}`, () => {
      assert.equal(ruling(given), 'allowed')
      const reading = readUrl(given)
      assert.ok(reading.ok)
      const { host, port, href } = reading.url
      assert.deepEqual({ host, port, href }, expect)
    })
  }
})

suite('readUrl() on any text', () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom(
        'https://',
        '@',
        ':',
        '/',
        '\\',
        '%',
        '?',
        '#',
        '.',
        '[',
        ']',
        '::1',
        '127.0.0.1',
        'a.com',
        'b.org',
      ),
      fc.string({ maxLength: 4 }),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    ),
    { maxLength: 8 },
  )
  const texts = fc
    .tuple(fc.constantFrom('https://', 'https:/', 'https:', ''), pieces)
    .map(([start, rest]) => start + rest.join(''))

  test('what it accepts, WHATWG reads as the same host and port, and reading it again changes nothing', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const reading = readUrl(text)
        if (!reading.ok) return
        const url = new URL(text)
        assert.equal(url.hostname.replace(/^\[|\]$/g, ''), reading.url.host)
        assert.equal(Number(url.port || '443'), reading.url.port)
        assert.deepEqual(readUrl(reading.url.href), reading)
      }),
      { numRuns: 20_000 },
    )
  })

  test('what it accepts, a plain RFC 3986 reader sees with the same authority', () => {
    const rfc3986 = /^([^:/?#]+):\/\/([^/?#]*)/ // RFC 3986 appendix B
    fc.assert(
      fc.property(texts, (text) => {
        const reading = readUrl(text)
        if (!reading.ok) return
        const [, , authority = ''] = rfc3986.exec(text) ?? []
        const host = authority
          .toLowerCase()
          .replace(/:\d+$/, '')
          .replace(/^\[|\]$/g, '')
        assert.equal(host, reading.url.host)
      }),
      { numRuns: 20_000 },
    )
  })
})

suite('sayUrlRule()', () => {
  for (const rule of Object.keys(URL_RULES) as (keyof typeof URL_RULES)[])
    test(`${rule} is named by its word and holds no address`, () => {
      assert.ok(sayUrlRule(rule).includes(`(${rule})`))
      assert.doesNotMatch(sayUrlRule(rule), /\d+\.\d+|::/)
    })
})
