// Whatever callers wrote into a trail, the page of a report shows it as the text it is: nothing runs, nothing is asked for.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { HOSTILE_TEXTS } from '@hardened-mcp/testkit'
import { ask, openBrowser, type Opened, type Reading } from './browser.ts'
import { hostileSample, type Sample } from './hostile-trail.ts'
import { DRILLS, GO_TO, NAMES, OPEN_ALL, OPTIONS, RECORDS, TAGS } from './in-page.ts'

const TEXTS = HOSTILE_TEXTS.map(([, text]) => text)
const CHUNK = 20 // so many names of a group a page shows

let browser: Reading
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

// What may stand on the page as it is: letters with at most three marks in a row, digits, signs, single spaces inside. The rest is spelled.
function spelled(text: string): string {
  const characters = [...text]
  let marks = 0
  return characters
    .map((character, at) => {
      marks = /\p{M}/u.test(character) ? marks + 1 : 0
      const inner = at > 0 && at < characters.length - 1 && characters[at - 1] !== ' '
      if (character === ' ' && inner) return ' '
      if (character === '\\') return '\\\\'
      const plain =
        /^[\p{L}\p{N}\p{P}\p{S}\p{M}]$/u.test(character) && !/[\p{Default_Ignorable_Code_Point}\u2800]/u.test(character)
      if (plain && marks <= 3) return character
      return [...Array(character.length).keys()]
        .map((unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`)
        .join('')
    })
    .join('')
}

function mustBeQuiet({ requests, complaints }: Opened): void {
  assert.deepEqual([requests, complaints], [[], []])
}

for (let from = 0; from < TEXTS.length; from += CHUNK)
  suite(`the page of a trail of hostile texts, from ${HOSTILE_TEXTS[from]?.[0]} on`, () => {
    let sample: Sample
    let opened: Opened
    before(async () => {
      sample = await hostileSample(TEXTS.slice(from, from + CHUNK))
      opened = await browser.open(sample.page)
    })
    after(() => sample.close())

    test('runs nothing, asks for nothing, and complains of nothing, with everything opened', async () => {
      const { page } = opened
      await ask(page, OPEN_ALL)
      for (const id of (await ask<string[]>(page, DRILLS)).filter((_, at) => at % 7 === 0)) await ask(page, GO_TO, id)
      await page.mouse.move(200, 200)
      assert.equal(await page.title(), 'Audit report')
      mustBeQuiet(opened)
    })

    test("every record shows each of its texts as it is spelled, and there is no element but the page's own", async () => {
      const { page } = opened
      await ask(page, OPEN_ALL)
      const shown = await ask<Record<string, [string, string][]>>(page, RECORDS)
      const due = sample.records.filter(({ type }) => type !== 'checkpoint')
      assert.ok(due.length >= 9 && Object.keys(shown).length === due.length)
      for (const record of due) {
        const texts = Object.entries(record).filter(([, value]) => typeof value === 'string')
        const fields = new Map(shown[`r-0-${String(record['seq'])}`])
        assert.deepEqual([...fields.keys()], ['slot', ...Object.keys(record)])
        for (const [name, value] of texts) assert.equal(fields.get(name), seen(String(value)), `${name} of a record`)
      }
      const tags = await ask<string[]>(page, TAGS)
      assert.deepEqual(
        tags.filter((tag) => !KNOWN_TAGS.has(tag)),
        [],
      )
    })

    test('the tables of tools, callers and tenants name each of them, and so do the filters', async () => {
      const names = new Set(sample.records.flatMap(({ tool }) => (typeof tool === 'string' ? [tool] : [])))
      const due = [...names].map(seen).toSorted()
      for (const group of ['tool', 'caller', 'tenant']) {
        assert.deepEqual((await ask<string[]>(opened.page, NAMES, `${group}s`)).toSorted(), due)
        const [all, ...options] = await ask<string[]>(opened.page, OPTIONS, group)
        assert.deepEqual([all, options.map((name) => name.replace('(empty)', 'empty')).toSorted()], ['all', due])
      }
    })
  })

const seen = (text: string) => (text === '' ? 'empty' : spelled(text))

const KNOWN_TAGS: ReadonlySet<string> = new Set(
  `a header h1 h2 h3 h4 p bdi span nav ul ol li main section div details summary table caption thead tbody tr th td button dl dt dd figure
   figcaption svg path i b code time form label input select option output footer script`.split(/\s+/),
)

suite('the policy of the page', () => {
  test('holds what got into it all the same: no script, handler, style or request', async () => {
    const sample = await hostileSample(['x'])
    const holed = `${sample.page}.html`
    const hole = `<script>document.title='ran'</script><img src="https://evil.example/a" onerror="document.title='ran'">
      <style>body{background:url(https://evil.example/b)}</style><link rel="stylesheet" href="https://evil.example/c">
      <iframe src="https://evil.example/d"></iframe><object data="https://evil.example/e"></object><base href="https://evil.example/">
      <p id="styled" style="position:fixed">x</p>`
    writeFileSync(holed, readFileSync(sample.page, 'utf8').replace('<main>', `<main>${hole}`))
    const { page, requests, refused, complaints } = await browser.open(holed)
    assert.equal(await page.title(), 'Audit report')
    assert.ok(requests.length >= 2)
    assert.deepEqual(refused, requests, 'each was kept back')
    assert.equal(await page.evaluate(`getComputedStyle(document.querySelector('#styled')).position`), 'static')
    assert.ok(
      complaints.some((line) => line.includes('Content Security Policy')),
      'what was held is said',
    )
    assert.equal(
      await page.evaluate(`try { document.body.innerHTML = '<b>x</b>'; 'done' } catch (thrown) { thrown.name }`),
      'TypeError',
    )
    sample.close()
  })
})
