// A PDF as text under its limits; what is none, or is broken, is a refusal.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Denial } from '@hardened-mcp/security-core'
import { pdfText } from './pdf-text.ts'
import { pdfOf } from './testing/pdf-documents.ts'

const later = () => performance.now() + 60_000

suite('pdfText()', () => {
  test('gives the text page by page', async () =>
    assert.deepEqual(await pdfText(pdfOf(['Hello', 'World']), later()), { text: 'Hello\n\nWorld' }))
  test('a script that opens with the document is not run and not shown', async () => {
    const script = '/OpenAction<</S/JavaScript/JS(app.alert\\("x"\\))>>'
    assert.deepEqual(await pdfText(pdfOf(['Hello'], script), later()), { text: 'Hello' })
  })
  test('stops after 200 pages and says so', async () => {
    const { text, cut } = await pdfText(pdfOf(Array.from({ length: 205 }, (_, n) => `p${n}`)), later())
    assert.deepEqual([text.split('\n\n').length, cut], [200, 'bytes'])
  })
  test('ends at its deadline', async () => {
    await assert.rejects(
      pdfText(pdfOf(['Hello']), 0),
      (thrown) => thrown instanceof Denial && thrown.code === 'timeout',
    )
  })
  for (const [name, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['half a document', pdfOf(['Hello']).subarray(0, 60)],
  ] as const)
    test(`${name} is refused`, async () =>
      assert.rejects(
        pdfText(bytes, later()),
        (thrown) => thrown instanceof Denial && thrown.code === 'upstream_failed',
      ))
})
