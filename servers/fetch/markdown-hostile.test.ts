// HTML made to stop a converter: every shape ends within its deadline, its depth and its output cap.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { htmlToText, type PageText } from './markdown.ts'
import { HOSTILE_HTML } from './testing/hostile-html.ts'

const BASE = 'https://example.com/docs/page'
const WORK_MS = 10_000 // of the processor: half of a call's deadline, and the machine may be busy with other tests

const convert = (html: string): PageText =>
  htmlToText(html, { base: BASE, markup: true, endsAt: performance.now() + 10 * WORK_MS })

suite('hostile shapes', () => {
  for (const [name, shape] of Object.entries(HOSTILE_HTML))
    test(`${name} ends within the deadline and the output cap`, () => {
      const html = shape()
      const before = process.cpuUsage()
      const page = convert(html)
      const { user, system } = process.cpuUsage(before)
      const workMs = (user + system) / 1_000
      assert.ok(page.text.length <= 6_000_000, `${page.text.length} characters`)
      assert.ok(workMs < WORK_MS, `${workMs} ms`)
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
