// What readers do with the page of a report: with a keyboard, on a phone, in the dark, without scripts, with a screen reader.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { ask, openBrowser, type Reading } from './browser.ts'
import { hostileSample, ordinarySample, type Sample } from './hostile-trail.ts'
import { COLUMN, DRILLS, FILTERED, FOCUS, FOCUS_ON, GO_TO, IS_SHOWN, OPEN_SOME, TOO_WIDE } from './in-page.ts'

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }

let browser: Reading
let week: Sample
before(async () => {
  browser = await openBrowser()
  week = await ordinarySample(400)
})
after(async () => {
  await browser.close()
  week.close()
})

type Focus = Readonly<{ tag: string; id: string; hash: string; text: string }>
const focus = (page: Page) => ask<Focus>(page, FOCUS)
const isShown = (page: Page, id: string) => ask<boolean>(page, IS_SHOWN, id)

/** Presses Tab until the focus is where it fits. */
async function tabTo(page: Page, fits: (focus: Focus) => boolean): Promise<Focus> {
  for (let presses = 0; presses < 400; presses += 1) {
    await page.keyboard.press('Tab')
    const now = await focus(page)
    if (fits(now)) return now
  }
  return assert.fail('no such element takes the focus')
}

suite('a reader with a keyboard', () => {
  test('gets from a caller to its figures, to its newest record and all of that, and back', async () => {
    const { page, complaints } = await browser.open(week.page)
    const link = await tabTo(page, ({ hash, text }) => hash.startsWith('#caller-') && text === 'agent-run-17')
    await page.keyboard.press('Enter')
    const drill = link.hash.slice(1)
    assert.equal(await isShown(page, drill), true)
    assert.equal((await focus(page)).id, drill)
    const record = await tabTo(page, ({ hash }) => hash.startsWith('#r-0-'))
    await page.keyboard.press('Enter')
    const id = record.hash.slice(1)
    assert.deepEqual([await isShown(page, id), (await focus(page)).id], [true, id])
    assert.match(
      (await page.locator(`[id="${id}"]`).innerText()).replaceAll('\n', ' '),
      /caller agent-run-17 .*err no such table/,
    )
    await page.goBack()
    assert.equal(await isShown(page, drill), true)
    assert.deepEqual(complaints, [])
  })

  test('opens a record in the list with Enter, and closes it again', async () => {
    const { page } = await browser.open(week.page)
    await ask(page, FOCUS_ON, 'count')
    await page.keyboard.press('Tab')
    assert.equal((await focus(page)).tag, 'summary')
    const first = page.locator('.record').first()
    assert.equal(await first.isVisible(), false)
    await page.keyboard.press('Enter')
    assert.equal(await first.isVisible(), true)
    await page.keyboard.press('Enter')
    assert.equal(await first.isVisible(), false)
  })

  test('orders a table by a column', async () => {
    const { page } = await browser.open(week.page)
    await tabTo(page, ({ tag, text }) => tag === 'button' && text === 'Denied')
    const before = await ask<number[]>(page, COLUMN, ['tools', 3])
    await page.keyboard.press('Enter')
    assert.deepEqual(
      await ask<number[]>(page, COLUMN, ['tools', 3]),
      before.toSorted((a, b) => b - a),
    )
    await page.keyboard.press('Enter')
    assert.deepEqual(
      await ask<number[]>(page, COLUMN, ['tools', 3]),
      before.toSorted((a, b) => a - b),
    )
    assert.equal(await page.locator('#tools th[aria-sort]').count(), 1)
  })

  test('filters records by kind, name and text, sees how many are left, and gets all back', async () => {
    const { page } = await browser.open(week.page)
    const left = () => ask<[string[], string]>(page, FILTERED)
    const [all] = await left()
    await page.selectOption('select[name=kind]', 'alert')
    const [alerts, said] = await left()
    assert.deepEqual([alerts.length, said], [4, `4 of ${all.length} shown`])
    assert.ok(alerts.every((text) => text.includes('alert.raised')))
    await page.selectOption('select[name=kind]', 'refused')
    await page.selectOption('select[name=caller]', { label: 'agent-run-17' })
    await page.fill('input[name=text]', 'QUERY_SQL')
    const [refused] = await left()
    assert.ok(refused.length >= 20 && refused.every((text) => /denied.*query_sql.*agent-run-17/s.test(text)))
    await page.keyboard.press('Enter')
    await page.click('form button[type=reset]')
    await page.getByText(`${all.length} of ${all.length} shown`).waitFor()
    assert.equal((await left())[0].length, all.length)
  })

  test('a name leads to its own records among those of the page', async () => {
    const { page } = await browser.open(week.page)
    await page.click('#callers tbody th a:has-text("agent-run-17")')
    await page.click('.drill:target a[data-only]')
    const [left] = await ask<[string[], string]>(page, FILTERED)
    assert.ok(left.length >= 20 && left.every((text) => text.includes('agent-run-17')))
  })
})

suite('a reader without scripts', () => {
  test('has the verdict, the figures, each name behind its link and each record behind its line', async () => {
    const { page, complaints } = await browser.open(week.page, { javaScriptEnabled: false })
    assert.equal(await page.locator('#filter').isVisible(), false)
    assert.equal(await page.locator('h2:has-text("Verification: pass")').isVisible(), true)
    await page.click('#tools tbody th a >> nth=0')
    assert.equal(await page.locator('#tool-0').isVisible(), true)
    await page.click('#tool-0 .plain a[href^="#r-"] >> nth=0')
    assert.equal(await page.locator('.record:visible').count(), 1)
    assert.deepEqual(complaints, [])
  })
})

for (const colorScheme of ['light', 'dark'] as const)
  for (const [device, options] of [
    ['a desk', { viewport: { width: 1280, height: 900 } }],
    ['a phone', PHONE],
  ] as const)
    suite(`a reader at ${device}, ${colorScheme}`, () => {
      for (const [kind, sample] of [
        ['an ordinary week', () => Promise.resolve(week)],
        [
          'long and odd names',
          () => hostileSample(['x'.repeat(300), '\u202e'.repeat(100), 'مدير النظام', '<b>'.repeat(80)]),
        ],
      ] as const)
        test(`${kind}: nothing is cut off, and axe finds no fault, with everything opened`, async () => {
          const { page } = await browser.open((await sample()).page, { ...options, colorScheme })
          await ask(page, OPEN_SOME)
          for (const id of ['', ...(await ask<string[]>(page, DRILLS)).slice(0, 3)]) {
            await ask(page, GO_TO, id)
            assert.deepEqual(await ask(page, TOO_WIDE), [0, []], `at #${id}`)
          }
          await page.evaluate(axe.source)
          const faults = await ask<string[]>(page, RUN_AXE)
          assert.deepEqual(faults, [])
          const paper = await page.evaluate(`getComputedStyle(document.body).backgroundColor`)
          assert.equal(paper, colorScheme === 'dark' ? 'rgb(20, 23, 27)' : 'rgb(255, 255, 255)')
        })
    })

// Contrast (WCAG 1.4.3: 4.5), names, roles, landmarks, headings, tables, labels.
const RUN_AXE = `async () => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] })
  return violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map((node) => node.html.slice(0, 150) + ' ' + node.any.map((check) => check.message).join(' ')).join(' | '))
}`
