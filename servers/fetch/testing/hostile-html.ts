// Almost five megabytes of HTML each, in shapes that are made to stop a converter.

const SIZE = 4_900_000 // with what stands around it, just what a body may have
const fill = (piece: string) => piece.repeat(Math.floor(SIZE / piece.length))

/** Each made anew. */
export const HOSTILE_HTML: Readonly<Record<string, () => string>> = {
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
