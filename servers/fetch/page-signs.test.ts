// Signs that carry meaning: code languages, formulas, exponents, footnotes, spans of tables, ticks, readings; and what hostile ones cost.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { htmlToText, type PageText } from './markdown.ts'

const convert = (html: string, markup = true): PageText =>
  htmlToText(html, { base: 'https://example.com/', markup, endsAt: performance.now() + 10_000 })
const cells = (...rows: readonly string[]) => rows.join('\n')

const ROWS: readonly (readonly [name: string, html: string, markdown: string])[] = [
  ['a language around the code', '<div class="highlight-source-rs"><pre>x</pre></div>', '```rs\nx\n```'],
  ['a language of Sphinx', '<div class="highlight-python3 notranslate"><pre>x</pre></div>', '```python\nx\n```'],
  ['a natural language is none', '<div class="lang-en"><pre>x</pre></div>', '```\nx\n```'],
  ['a language alone in a class', '<pre><code class="hljs java">x</code></pre>', '```java\nx\n```'],
  ['a class that is no language', '<pre><code class="hljs wide">x</code></pre>', '```\nx\n```'],
  ['a language in data-lang', '<pre><code data-lang="go">x</code></pre>', '```go\nx\n```'],
  [
    'the language ends with its box',
    '<div class="highlight js"><pre>x</pre></div><pre>y</pre>',
    '```js\nx\n```\n\n```\ny\n```',
  ],
  ['line numbers go', '<pre><span class="ln">1</span>x\n<span class="ln">2</span>y</pre>', '```\nx\ny\n```'],
  ['words of that class stay outside code', 'a <span class="ln">b</span>', 'a b'],
  ['an exponent', '10<sup>6</sup> m<sup>−2</sup> 2<sup>nd</sup>', '10^6 m^−2 2nd'],
  ['a footnote', 'a<sup><a href="#f">[1]</a></sup> b<a class="footnote-ref" href="#g">2</a>', 'a[^1] b[^2]'],
  ['a raised link that leads away', 'a<sup><a href="/x">note</a></sup>', 'anote'],
  ['a formula by its TeX', '<math><mi>x</mi><annotation encoding="application/x-tex">x_1</annotation></math>', '$x_1$'],
  ['a formula without', '<math><mi>x</mi><mo>=</mo><mn>1</mn></math>', 'x=1'],
  ['a picture of a formula', 'a <img class="tex" aria-hidden="true" alt="x_1"> b', 'a $x_1$ b'],
  ['TeX that would be a link', '<math alttext="x](https://evil.com)"></math>', '$x] (https://evil.com)$'],
  ['TeX that would be a picture', '<math alttext="![x][y] <img src=z>"></math>', '$![x] [y] \\lt img src=z>$'],
  ['TeX that would end', '<math alttext="a$ b"></math>', '$a\\$ b$'],
  ['a quotation', 'He said <q>yes</q>.', 'He said "yes".'],
  ['a reading', '<ruby>漢<rp>[</rp><rt>かん</rt><rp>]</rp></ruby>字', '漢(かん)字'],
  ['ticks', '<ul><li><input type=checkbox checked>a<li><input type=checkbox> b</ul>', '- [x] a\n- [ ] b'],
  ['a field is no tick', '<ul><li><input value=x>a</ul>', '- a'],
  ['a value', '<ol><li value=7>a<li>b</ol>', '7. a\n8. b'],
  ['down', '<ol reversed start=2><li>a<li>b</ol>', '2. a\n1. b'],
  ['a space that does not break', '5&nbsp;kg &nbsp; a&#8239;%', '5 kg a %'],
  ['a hidden picture ends nothing', '<p>a <img style="display:none" alt=x> b <input hidden> c', 'a b c'],
  [
    'columns that span',
    '<table><tr><th colspan=2>a<th>b<tr><td>1<td>2<td>3</table>',
    cells('| a |  | b |', '| --- | --- | --- |', '| 1 | 2 | 3 |'),
  ],
  [
    'rows that span',
    '<table><tr><th>a<th>b<th>c<tr><td>1<td rowspan=2>2<td>3<tr><td>4<td>5<tr><td>6<td>7<td>8</table>',
    cells('| a | b | c |', '| --- | --- | --- |', '| 1 | 2 | 3 |', '| 4 | 2 | 5 |', '| 6 | 7 | 8 |'),
  ],
  [
    'the foot comes last',
    '<table><tr><th>a<th>b<tfoot><tr><td>sum<td>3</tfoot><tbody><tr><td>1<td>2</table>',
    cells('| a | b |', '| --- | --- |', '| 1 | 2 |', '| sum | 3 |'),
  ],
]

suite('signs', () => {
  for (const [name, html, markdown] of ROWS) test(name, () => assert.equal(convert(html).text, markdown))

  test('without markup they are words', () => {
    assert.equal(convert('10<sup>6</sup> <math alttext="x_1"><mi>x</mi></math> <q>a</q>', false).text, '106 x_1 "a"')
  })
})

suite('main content', () => {
  const long = 'word '.repeat(60).trim()
  test('a box called content is it when it is much of the page', () => {
    assert.equal(convert(`<div>menu</div><div id="content">${long}</div><div>end</div>`).text, long)
    assert.equal(convert(`<div id="content">few</div><div>${long}</div>`).text, `few\n\n${long}`)
  })
  test('without any, the frame of the page goes, and the source of a quotation stays', () => {
    const quote = '<blockquote>a<footer>by b</footer></blockquote>'
    assert.equal(convert(`<nav>menu</nav><p>${long}</p>${quote}<footer>end</footer>`).text, `${long}\n\n> a\n>\n> by b`)
  })
  test('a page that is all frame is shown', () => assert.equal(convert('<nav>menu</nav>').text, 'menu'))
})

suite('hostile signs', () => {
  const fill = (piece: string) => piece.repeat(Math.floor(4_900_000 / piece.length))
  const shapes = {
    'spans of columns': () => `<table>${fill('<tr><td colspan=9999>x')}`,
    'spans of rows': () => `<table><tr>${fill('<td rowspan=9999>x')}`,
    'spans of rows over many rows': () => `<table>${fill(`<tr><td rowspan=50>${'y'.repeat(100)}<td>x`)}`,
    'one wide row, then many': () => `<table><tr>${'<td rowspan=2>'.repeat(60_000)}${fill('<tr><td>')}`,
    'raised signs': () => fill('<sup>1</sup>'),
    formulas: () => fill('<math alttext="$$$$">'),
    annotations: () => fill('<math><annotation encoding=tex>x</annotation></math>'),
    'quotations within each other': () => fill('<q>'),
    'boxes of code': () => fill('<div class="highlight js"><pre>x</pre></div>'),
    'classes without end': () => `<pre class="${fill('a ')}">x</pre>`,
    frames: () => fill('<nav>x</nav>'),
    contents: () => fill('<div id=content>x</div>'),
  }
  for (const [name, shape] of Object.entries(shapes))
    test(`${name} end within the deadline and the output cap`, () => {
      const started = performance.now()
      const { text } = convert(shape())
      assert.ok(text.length <= 6_000_000, `${text.length} characters`)
      assert.ok(performance.now() - started < 10_000)
    })
})
