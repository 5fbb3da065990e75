// Proves that a value in a page is the text it is: no markup, nothing unseen, and two different texts never look the same.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HOSTILE_TEXTS } from '@hardened-mcp/testkit'
import fc from 'fast-check'
import { html, shown, visible } from './html.ts'

suite('html``', () => {
  for (const [because, text] of HOSTILE_TEXTS)
    test(`${because}: no markup between tags or in an attribute`, () => {
      const markup = html`<p title="${text}">${text}</p>`.text
      const [, title = '', body = ''] = /^<p title="([^"<>]*)">([^<>]*)<\/p>$/.exec(markup) ?? []
      for (const part of [title, body]) {
        assert.doesNotMatch(part.replace(/&(?:amp|lt|gt|quot|#39);/g, ''), /[&'"<>]/)
        assert.equal(unreferenced(part), visible(text))
      }
    })

  test('markup that was made here is not made text again; lists of it are joined', () => {
    assert.equal(
      html`<ul>${['a', '<b>'].map((name) => html`<li>${name}</li>`)}</ul>`.text,
      '<ul><li>a</li><li>&lt;b&gt;</li></ul>',
    )
    assert.equal(html`${html`<i>${1_000}</i>`}`.text, '<i>1000</i>')
  })

  test('an object that looks like markup is not', () => {
    const forged = { text: '<script>' } as unknown as string
    assert.throws(() => html`${forged}`, TypeError)
  })
})

suite('visible()', () => {
  for (const [given, seen] of [
    ['plain text, punctuation: "x" <y>', 'plain text, punctuation: "x" <y>'],
    ['Ångström 日本語 مدير 😀', 'Ångström 日本語 مدير 😀'],
    ['a\\u202eb', 'a\\\\u202eb'],
    ['a\u202eb', 'a\\u202eb'],
    ['a\nb\tc', 'a\\u000ab\\u0009c'],
    ['a\u00a0b', 'a\\u00a0b'],
    ['admin ', 'admin\\u0020'],
    [' a  b', '\\u0020a \\u0020b'],
    ['\ud800', '\\ud800'],
    ['\u{E0041}', '\\udb40\\udc41'],
    ['\u3164\u2800', '\\u3164\\u2800'],
    ['e\u0301', 'e\u0301'],
    ['e\u0301\u0301\u0301\u0301', 'e\u0301\u0301\u0301\\u0301'],
  ] as const)
    test(`${JSON.stringify(given)} reads ${seen}`, () => assert.equal(visible(given), seen))

  test('leaves nothing that moves, hides or breaks a line, in any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        assert.doesNotMatch(visible(text), /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|\u034f|\ufe0f/u)
      }),
    )
  })

  test('two different texts stay different: the spelling reads back', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const read = visible(text).replace(/\\(?:u([0-9a-f]{4})|\\)/g, (_, unit?: string) =>
          unit === undefined ? '\\' : String.fromCharCode(Number.parseInt(unit, 16)),
        )
        assert.equal(read, text)
      }),
    )
  })
})

suite('shown()', () => {
  test('stands apart in its direction, and says that letters may be others than they look', () => {
    assert.equal(shown('admin').text, '<bdi>admin</bdi>')
    assert.equal(shown('').text, '<span class="mark">empty</span>')
    assert.match(
      shown('\u0430dmin').text,
      /^<bdi>\u0430dmin<\/bdi> <span class="mark" title="[^"]+">non-ASCII<\/span>$/,
    )
    assert.match(shown('a\u200b').text, /^<bdi>a\\u200b<\/bdi> <span class="mark"/)
  })
})

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(...HOSTILE_TEXTS.map(([, text]) => text)),
)

const unreferenced = (markup: string) =>
  markup
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
