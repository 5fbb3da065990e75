// Pages of the kinds that agents read: what each must still say as markdown, and what of it must be gone.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import pages from '../../test/vectors/pages/pages.json' with { type: 'json' }
import { htmlToText } from './markdown.ts'
import { judge } from './testing/kept-facts.ts'

const FOLDER = join(import.meta.dirname, '../../test/vectors/pages')
const BASE = 'https://site.example.com/pages/'

const convert = (file: string, markup: boolean) =>
  htmlToText(readFileSync(join(FOLDER, file), 'utf8'), { base: BASE, markup, endsAt: performance.now() + 10_000 }).text

suite('pages as markdown', () => {
  test('there are enough of them, with enough to keep and to lose', () => {
    assert.ok(pages.length >= 14)
    assert.ok(pages.flatMap(({ keep }) => keep).length >= 140)
    assert.ok(pages.flatMap(({ lose }) => lose).length >= 40)
  })

  for (const page of pages)
    test(`${page.name} keeps all it says and loses its frame`, () =>
      assert.deepEqual(judge(convert(page.given, true), page), { missing: [], noise: [] }))

  test('a conversion that keeps nothing, or everything, is seen', () => {
    for (const page of pages) {
      assert.equal(judge('', page).missing.length, page.keep.length)
      assert.deepEqual(judge(page.lose.join('\n'), page).noise, page.lose)
    }
  })
})
