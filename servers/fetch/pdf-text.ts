// Question: what does this PDF say?
// Threat:   scripts, attachments, bombs and endless page trees of a format whose parsers are large.
// Rule:     only where the operator turned it on: text alone, no scripts, no fonts, 200 pages, and the deadline between pages.
// Limits:   pdf.js runs in this worker: what it does between two looks at the clock ends with the process, by memory or deadline.
// Proof:    pdf-text.test.ts
import { Denial } from '@hardened-mcp/security-core/worker'

const MAX_PAGES = 200
const MAX_CHARS = 1_000_000

export type PdfText = Readonly<{ text: string; cut?: 'bytes' }>

/** Throws `Denial`. `endsAt` is on the clock of `performance.now()`. */
export async function pdfText(bytes: Buffer, endsAt: number): Promise<PdfText> {
  const { getDocumentProxy } = await import('unpdf') // large: loaded by who needs it
  const options = {
    isEvalSupported: false,
    disableFontFace: true,
    useSystemFonts: false,
    stopAtErrors: true,
    verbosity: 0,
  }
  try {
    const document = await getDocumentProxy(new Uint8Array(bytes), options)
    const pages: string[] = []
    let chars = 0
    for (let number = 1; number <= Math.min(document.numPages, MAX_PAGES); number += 1) {
      if (performance.now() > endsAt) throw new Denial('timeout', `The deadline passed at page ${number}`)
      const page = await document.getPage(number)
      const { items } = await page.getTextContent()
      const text = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('')
      chars += text.length
      pages.push(text.trim().toWellFormed())
      if (chars > MAX_CHARS) return { text: pages.join('\n\n').slice(0, MAX_CHARS).toWellFormed(), cut: 'bytes' }
    }
    return { text: pages.join('\n\n'), ...(document.numPages > MAX_PAGES ? { cut: 'bytes' } : {}) }
  } catch (thrown) {
    if (thrown instanceof Denial) throw thrown
    throw new Denial('upstream_failed', `PDF: ${thrown instanceof Error ? thrown.name : 'unknown'}`, {
      says: 'The remote server sent a PDF that cannot be read',
    })
  }
}
