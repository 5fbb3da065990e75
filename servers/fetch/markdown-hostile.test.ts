// HTML made to stop a converter: every shape ends within its deadline, its depth and its output cap.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { htmlToText, type PageText } from './markdown.ts'

const BASE = 'https://example.com/docs/page'
const DEADLINE_MS = 10_000

const convert = (html: string): PageText =>
  htmlToText(html, { base: BASE, markup: true, endsAt: performance.now() + DEADLINE_MS })

suite('hostile shapes', () => {
  const SIZE = 5_000_000
  const fill = (piece: string) => piece.repeat(Math.floor(SIZE / piece.length))
  const shapes: Readonly<Record<string, () => string>> = {
    '5 MB of <': () => fill('<'),
    '5 MB of <a': () => fill('<a '),
    'open elements': () => fill('<div>'),
    'open inline elements': () => fill('<b>'),
    'open formatting within paragraphs': () => fill('<p><b>x'),
    'stray end tags': () => fill('</p>'),
    'end tags that match nothing': () => `${'<div>'.repeat(200)}${fill('</span>')}`,
    'deep lists': () => fill('<ul><li>x'),
    'deep quotes': () => fill('<blockquote>x'),
    'nested tables': () => fill('<table><tr><td>x'),
    'a wide table row': () => `<table><tr>${fill('<td>x')}`,
    'many table rows': () => `<table>${fill('<tr><td>x<td>y')}`,
    'attributes of one element': () => `<div ${fill('a=b ')}>x</div>`,
    'distinct attributes': () => `<div ${Array.from({ length: 400_000 }, (_, i) => `a${i}=b`).join(' ')}>x</div>`,
    'an endless attribute': () => `<div a="${fill('x')}`,
    'an endless comment': () => `<!--${fill('-')}`,
    comments: () => fill('<!---->'),
    'an endless script': () => `<script>${fill('</scrip')}`,
    'endless cdata': () => `<svg><![CDATA[${fill(']')}`,
    entities: () => fill('&amp;'),
    'broken entities': () => fill('&'),
    'numeric entities': () => fill('&#x41;'),
    'links to a long base': () => `<base href="https://e.com/${'a'.repeat(1900)}/">${fill('<a href=b>c</a>')}`,
    'styles that almost hide': () => fill(`<p style="${'overflow:hidden;width:2px;'.repeat(40)}">x`),
    'white space': () => fill(' \n'),
    backticks: () => `<pre>${fill('`')}`,
    'code spans': () => fill('<code>`</code>'),
    'one long word': () => fill('x'),
    titles: () => fill('<title>x</title>'),
    mains: () => fill('<main>x</main>'),
    'nested mains': () => fill('<main>x'),
    'links in links': () => fill('<a href=b>c'),
    'headings in links': () => fill('<a href=b><h1>c'),
    images: () => fill('<img alt=x>'),
    'processing instructions': () => fill('<?x?>'),
    plaintext: () => `<plaintext>${fill('</plaintext>')}`,
  }
  for (const [name, shape] of Object.entries(shapes))
    test(`${name} ends within the deadline and the output cap`, () => {
      const html = shape()
      const started = performance.now()
      const page = convert(html)
      const tookMs = performance.now() - started
      assert.ok(page.text.length <= 6_000_000, `${page.text.length} characters`)
      assert.ok(tookMs < DEADLINE_MS, `${tookMs} ms`)
    })

  test('nesting is cut at its depth, and says so', () => {
    const page = convert(`<p>start</p>${'<div>'.repeat(300)}deep`)
    assert.equal(page.cut, 'depth')
    assert.equal(page.text, 'start')
    assert.equal(convert(`${'<div>'.repeat(200)}deep`).text, 'deep')
  })

  test('output is cut at its cap, and says so', () => {
    const page = convert('<p>word word</p>'.repeat(200_000))
    assert.equal(page.cut, 'bytes')
    assert.ok(page.text.length > 900_000 && page.text.length <= 1_000_000)
  })

  test('time is a refusal', () => {
    assert.throws(() => htmlToText('<p>x', { base: BASE, markup: true, endsAt: performance.now() - 1 }), {
      code: 'timeout',
    })
  })
})
