// The subset on both sides of its border, and against a page.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { htmlToText } from './markdown.ts'
import { parseSelector } from './selector.ts'

const PAGE = `<title>T</title><main id="m"><div class="a b"><p lang="en-GB">one <b>two</b></p></div><section><p>three</p><ul><li class="a">four</ul></section></main><p hidden class="a">never</p><aside data-x="1, 2">five</aside>`

const pick = (text: string) => {
  const selector = parseSelector(text)
  assert.ok(selector !== undefined, text)
  return htmlToText(PAGE, { base: 'https://example.com/', markup: false, endsAt: Number.POSITIVE_INFINITY, selector })
}

suite('parseSelector() and SelectedPart', () => {
  const rows = [
    ['p', 'one two\n\nthree', 2],
    ['.a', 'one two\n\nfour', 2],
    ['div.a.b', 'one two', 1],
    ['.b.c', '', 0],
    ['#m > div p', 'one two', 1],
    ['#m > p', '', 0],
    ['main p', 'one two\n\nthree', 2],
    ['section>p, aside', 'three\n\nfive', 2],
    ['[data-x]', 'five', 1],
    ['[data-x="1, 2"]', 'five', 1],
    ["[data-x^='1']", 'five', 1],
    ['[lang|=en]', 'one two', 1],
    ['[class~=b]', 'one two', 1],
    ['[class*=""]', '', 0],
    ['* b', 'two', 1],
    ['main, main p', 'one two\n\nthree\n\nfour', 3],
  ] as const
  for (const [text, expected, matches] of rows)
    test(text, () => {
      const page = pick(text)
      assert.deepEqual([page.text, page.matches, page.title], [expected, matches, 'T'])
    })

  for (const text of [
    '',
    ' ',
    'p:first-child',
    'a + b',
    'a ~ b',
    '> p',
    'p >',
    'p,',
    ',p',
    'p > > b',
    'a[b',
    '#',
    '.',
    '.a p:not(b)',
    'a\\b',
    '[a="\\""]',
    '.ab*',
  ])
    test(`${JSON.stringify(text)} is outside`, () => assert.equal(parseSelector(text), undefined))

  test('a long chain over deep nesting costs no more than its product', () => {
    const selector = parseSelector(Array<string>(120).fill('div').join(' '))
    assert.ok(selector !== undefined)
    const started = performance.now()
    const source = `${'<div>'.repeat(250)}${'<p>x</p>'.repeat(20_000)}`
    htmlToText(source, { base: 'https://example.com/', markup: true, endsAt: Number.POSITIVE_INFINITY, selector })
    assert.ok(performance.now() - started < 20_000)
  })
})

suite('a selected part as HTML', () => {
  const html = (selector: string, page = PAGE) => {
    const parsed = parseSelector(selector)
    assert.ok(parsed !== undefined)
    const options = { base: 'https://example.com/d/', markup: false, output: 'html', selector: parsed } as const
    return htmlToText(page, { ...options, endsAt: Number.POSITIVE_INFINITY })
  }
  test('is the visible elements with their attributes', () => {
    const { text, matches, title } = html('div.a')
    assert.deepEqual([text, matches, title], ['<div class="a b"><p lang="en-GB">one <b>two</b></p></div>', 1, 'T'])
    assert.equal(html('.a').text, '<div class="a b"><p lang="en-GB">one <b>two</b></p></div><li class="a">four</li>')
  })
  test('has its links resolved, and nothing that acts', () => {
    const page =
      '<p id=x><a href="b" onclick="go()" style="c">1</a><a href="javascript:go()">2</a><img src="data:x" alt="&quot;&lt;"><br><script>go()</script><!--c-->&lt;i&gt;'
    assert.equal(
      html('#x', page).text,
      '<p id="x"><a href="https://example.com/d/b">1</a><a>2</a><img alt="&quot;&lt;"><br>&lt;i&gt;</p>',
    )
    assert.deepEqual(html('#x', page).dropped, { elements: 1, comments: 1 })
  })
  test('is cut at its cap', () => assert.equal(html('p', `<p>${'<b>x</b>'.repeat(200_000)}`).cut, 'bytes'))
})
