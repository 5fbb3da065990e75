// A PDF as text under its limits; what is none, or is broken, is a refusal.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Denial } from '@hardened-mcp/security-core'
import { pdfText } from './pdf-text.ts'

/** A small correct document with one line a page. */
function pdfOf(lines: readonly string[], extra = ''): Buffer {
  const kids = lines.map((_, index) => `${4 + index * 2} 0 R`).join(' ')
  const pages = lines.flatMap((line, index) => {
    const stream = `BT /F1 12 Tf 50 700 Td (${line}) Tj ET`
    return [
      `<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>/Contents ${5 + index * 2} 0 R>>`,
      `<</Length ${stream.length}>>stream\n${stream}\nendstream`,
    ]
  })
  const objects = [
    `<</Type/Catalog/Pages 2 0 R${extra}>>`,
    `<</Type/Pages/Kids[${kids}]/Count ${lines.length}>>`,
    '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
    ...pages,
  ]
  let text = '%PDF-1.4\n'
  const offsets = objects.map((object, index) => {
    const at = text.length
    text += `${index + 1} 0 obj\n${object}\nendobj\n`
    return at
  })
  const rows = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}`
  return Buffer.from(
    `${text}${table}trailer<</Size ${objects.length + 1}/Root 1 0 R>>\nstartxref\n${text.length}\n%%EOF`,
  )
}

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
