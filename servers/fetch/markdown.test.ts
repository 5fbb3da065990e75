// What a page becomes: structure kept, hidden and active parts dropped, and hostile shapes ended within their limits.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { htmlToText, type PageText } from './markdown.ts'

const BASE = 'https://example.com/docs/page'
const DEADLINE_MS = 10_000

const convert = (html: string, markup = true): PageText =>
  htmlToText(html, { base: BASE, markup, endsAt: performance.now() + DEADLINE_MS })
const markdown = (html: string) => convert(html).text

suite('structure', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['headings', '<h1>A</h1><h2>B <i>c</i></h2><p>d', '# A\n\n## B *c*\n\nd'],
    ['paragraphs', '<p>a\n  b<p>c', 'a b\n\nc'],
    ['line break', 'a<br>b', 'a\nb'],
    ['rule', 'a<hr>b', 'a\n\n---\n\nb'],
    ['white space stays outside emphasis', 'a<b> bold </b>c', 'a **bold** c'],
    ['empty emphasis is not written', 'a<b> </b>c', 'a c'],
    ['emphasis ends with its line', '<b>a<p>b</p><p>c', '**a**\n\nb\n\nc'],
    ['list', '<ul><li>a<li>b<ul><li>c</ul></ul>d', '- a\n- b\n  - c\n\nd'],
    ['numbered list with start', '<ol start=9><li>a<li>b</ol>', '9. a\n10. b'],
    ['list of paragraphs', '<ul><li><p>a</p><p>b</p></li></ul>', '- a\n\n  b'],
    ['quote', '<blockquote><p>a<p>b</blockquote>', '> a\n>\n> b'],
    ['definition list', '<dl><dt>a<dd>b</dl>', 'a\n: b'],
    [
      'code block with language',
      '<pre><code class="hljs language-js">a &lt; b\n  c</code></pre>',
      '```js\na < b\n  c\n```',
    ],
    ['code that holds a fence', '<pre>```\nx</pre>', '````\n```\nx\n````'],
    ['code span', 'a <code>b *c*</code> d', 'a `b *c*` d'],
    ['code span with a backtick', '<code>a`b</code>', '``a`b``'],
    ['table', '<table><tr><th>a<th>b<tr><td>1<td>2|3</table>', '| a | b |\n| --- | --- |\n| 1 | 2\\|3 |'],
    [
      'table of layout',
      '<table><tr><td><table><tr><td>a<td>b<tr><td>c<td>d</table></table>',
      '| a | b |\n| --- | --- |\n| c | d |',
    ],
    ['table of one column', '<table><tr><td><p>a<p>b</table>', 'a\n\nb'],
    ['link, resolved', '<a href="../x y">z</a>', '[z](https://example.com/x%20y)'],
    ['link with parentheses', '<a href="/a_(b)">z</a>', '[z](https://example.com/a_%28b%29)'],
    ['link over blocks', '<a href="/a"><h3>t</h3><p>u</p></a>v', '### [t u](https://example.com/a)\n\nv'],
    ['link within the page', '<a href="#x">z</a>', 'z'],
    ['base', '<base href="https://other.org/b/"><a href="c">z</a>', '[z](https://other.org/b/c)'],
    ['image', 'a <img src=x alt="a cat"> b <img src=y>', 'a a cat b'],
    ['linked image', '<a href="/x"><img src=x alt="cat"></a>', '[cat](https://example.com/x)'],
    ['entities', '&lt;b&gt; &amp;amp; &eacute; &#x1f600;', '\\<b> &amp; é 😀'],
    [
      'markdown in the text is escaped',
      '<p># a<p>- b<p>1. c<p>*d* [e](f) `g`',
      '\\# a\n\n\\- b\n\n1\\. c\n\n\\*d\\* \\[e\\](f) \\`g\\`',
    ],
    ['names with underscores stay readable', 'snake_case_name', 'snake_case_name'],
    ['numbers stay readable', '<p>2.5 and -3', '2.5 and -3'],
    ['form text stays, controls go', '<form>a<input value=b><button>c</button><select><option>d</select></form>', 'a'],
    ['a button in a heading is the heading', '<h2><button>Question</button></h2>', '## Question'],
    ['details', '<details><summary>a</summary>b</details>', 'a\n\nb'],
  ]
  for (const [name, html, expected] of rows) test(name, () => assert.equal(markdown(html), expected))

  test('text format: the same words without markup', () => {
    const html = '<h1>A</h1><p><b>b</b> <a href="/x">c</a> *d*<ul><li>e</ul><table><tr><td>1<td>2<tr><td>3<td>4</table>'
    assert.equal(convert(html, false).text, 'A\n\nb c *d*\n\ne\n\n1\t2\n3\t4')
  })

  test('title', () => {
    assert.equal(convert('<title> A &amp;\n b </title>').title, 'A & b')
    assert.equal(convert('<svg><title>no</title></svg><p>x').title, undefined)
  })
})

suite('main content', () => {
  const long = 'word '.repeat(60).trim()
  const rows: readonly (readonly [string, string, string])[] = [
    ['main wins', `<nav>menu</nav><main>${long}</main><footer>foot</footer>`, long],
    ['role=main wins', `<nav>menu</nav><div role=main>${long}</div>foot`, long],
    ['an article that is much of the page wins', `<p>menu</p><article>${long}</article>foot`, long],
    [
      'several articles are kept from first to last',
      `menu<article>${long}</article><article>${long}</article>foot`,
      `${long}\n\n${long}`,
    ],
    ['an empty main is ignored', `<p>${long}</p><main>app</main>`, `${long}\n\napp`],
    [
      'teasers do not hide the page',
      `<p>${long} ${long} ${long} ${long} ${long}</p><article>${'t '.repeat(100)}</article>`,
      `${long} ${long} ${long} ${long} ${long}\n\n${'t '.repeat(100).trim()}`,
    ],
  ]
  for (const [name, html, expected] of rows) test(name, () => assert.equal(markdown(html), expected))
})

suite('hidden and active parts', () => {
  const hidden = [
    '<p hidden>x</p>',
    '<p hidden="until-found">x</p>',
    '<p aria-hidden="true">x</p>',
    '<p style="display:none">x</p>',
    '<p STYLE="Display : None !important">x</p>',
    '<p style="d\\69splay:none">x</p>',
    '<p style="dis/**/play:none">x</p>',
    '<p style="visibility:hidden">x</p>',
    '<p style="font-size:0">x</p>',
    '<p style="font-size:0.1px;color:red">x</p>',
    '<p style="opacity:0">x</p>',
    '<p style="position:absolute;left:-9999px">x</p>',
    '<p style="text-indent:-9999em">x</p>',
    '<p style="width:1px;height:1px;overflow:hidden">x</p>',
    '<p style="clip:rect(0 0 0 0)">x</p>',
    '<p style="transform:scale(0)">x</p>',
    '<p style="color:transparent">x</p>',
    '<dialog>x</dialog>',
    '<div hidden><div><p>x</div></div>',
    '<table hidden><tr><td>x</table>',
  ]
  for (const html of hidden)
    test(`drops and counts ${html}`, () => {
      assert.deepEqual(convert(`a${html}b`).dropped, { hidden: 1 })
      assert.doesNotMatch(markdown(`a${html}b`), /x/)
      assert.match(markdown(`a${html}b`), /^a\s*b$/)
    })

  const visible = [
    '<p style="font-size:12px">x</p>',
    '<p style="font-size:0.9em">x</p>',
    '<p style="opacity:0.5">x</p>',
    '<p style="opacity:0;transform:translateY(20px)">x</p>',
    '<p style="max-height:0;overflow:auto">x</p>',
    '<p style="background-color:transparent">x</p>',
    '<p style="left:-10px">x</p>',
    '<p style="font-family:\\5b8b\\4f53">x</p>',
    '<p style="line-height:0">x</p>',
    '<p aria-hidden="false">x</p>',
    '<dialog open>x</dialog>',
    '<body style="visibility:hidden"><p>x</p></body>',
  ]
  for (const html of visible) test(`keeps ${html}`, () => assert.match(markdown(html), /x/))

  const broken = [
    '<b><div hidden></b>x</div>',
    '<span><div hidden></span>x</div>',
    '<a href="/"><div style="display:none"></a>x</div>',
    '<b><i hidden></b>x</i>',
    '<p><b hidden></p><p>x</b>',
    '<b><template></b>x</template>',
    '<div><b><p hidden></b>x</div>',
    '<span><section hidden><b></span>x</b></section>',
  ]
  for (const html of broken)
    test(`keeps dropping where nesting is broken: ${html}`, () => assert.doesNotMatch(markdown(html), /x/))

  test('and ends dropping with the block', () => {
    assert.equal(markdown('<div><b><p hidden></b>x</p></div>after'), 'after')
    assert.equal(markdown('<p hidden>x<p>after'), 'after')
    assert.equal(markdown('<ul><li hidden>x<li>after</ul>'), '- after')
    assert.equal(markdown('<section><div hidden>x</section>after'), 'after')
  })

  const active = ['script', 'style', 'template', 'noscript', 'svg', 'iframe', 'object', 'textarea', 'select', 'canvas']
  for (const name of active)
    test(`drops and counts <${name}>`, () => {
      assert.deepEqual(convert(`a<${name}>x</${name}>b`), { text: 'ab', dropped: { elements: 1 } })
    })

  test('comments are dropped and counted', () =>
    assert.deepEqual(convert('a<!-- x --><!-- <p>y -->b'), { text: 'ab', dropped: { comments: 2 } }))

  const links = [
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'JAVASCRIPT:x',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:x',
    'https://user@evil.com/',
    'https://good.com@evil.com/',
    `https://e.com/?${'a'.repeat(3000)}`,
    'https://[',
    'mailto:a@b.c',
  ]
  for (const href of links)
    test(`keeps only the text of a link to ${JSON.stringify(href).slice(0, 40)}`, () =>
      assert.equal(markdown(`<a href="${href}">z</a>`), 'z'))
})

suite('any page', () => {
  const tags = fc.constantFrom(
    '<p>',
    '</p>',
    '<b>',
    '</b>',
    '<a href="/x">',
    '</a>',
    '<ul>',
    '<li>',
    '</ul>',
    '<table>',
    '<tr>',
    '<td>',
    '</table>',
    '<pre>',
    '</pre>',
    '<code>',
    '</code>',
    '<div hidden>',
    '</div>',
    '<!--',
    '-->',
    '<script>',
    '</script>',
    '<h2>',
    '</h2>',
    '<blockquote>',
    '</blockquote>',
    '<main>',
    '</main>',
    '<br>',
    '<title>',
    '</title>',
  )
  const pages = fc.array(fc.oneof(tags, fc.string({ maxLength: 6 })), { maxLength: 40 }).map((parts) => parts.join(''))
  const plain = fc.string({ maxLength: 6 }).map((text) => text.replaceAll('<', ''))
  const nested = fc.array(fc.oneof(tags, plain), { maxLength: 40 }).map((parts) => parts.join(''))
  const halves = fc.tuple(nested, nested)

  test('never throws, and never links to anything but http', () => {
    fc.assert(
      fc.property(pages, (html) => {
        for (const [, target] of markdown(html).matchAll(/(?<!\\)\]\(([^)]*)\)/g))
          assert.match(target ?? '', /^https?:\/\//)
      }),
      { numRuns: 3_000 },
    )
  })

  test('text of hidden elements never comes out', () => {
    fc.assert(
      fc.property(halves, ([before, inside]) => {
        const safe = inside.replace(
          /<\/?(?:div|script|title|main|blockquote|ul|li|table|tr|td|p|h2)[^>]*>?|-->|<!--/g,
          '',
        )
        const html = `${before.replace(/<!--|<script>|<title>|<pre>|<code>/g, '')}<div hidden>${safe}SECRET</div>`
        assert.ok(!markdown(html).includes('SECRET'))
      }),
      { numRuns: 3_000 },
    )
  })
})
