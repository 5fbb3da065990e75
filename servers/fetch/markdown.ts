// Question: what does this page say?
// Threat:   hidden instructions, scripts, and HTML shapes (nesting, floods, unclosed parts) that stop or blow up a converter.
// Rule:     one pass over parser events in slices of 64 KB: depth, output and time are capped, hidden and active parts are dropped and counted.
// Limits:   judges the page as text; what it says remains untrusted.
// Proof:    markdown.test.ts
import { Denial } from '@hardened-mcp/security-core'
import { Parser } from 'htmlparser2'
import { PageWriter } from './page-writer.ts'
import { Cut, VisibleEvents } from './visible-events.ts'

export type HtmlOptions = Readonly<{
  /** Absolute URL of the page. */
  base: string
  /** `false`: words and lines without markdown. */
  markup: boolean
  /** On the clock of `performance.now()`. */
  endsAt: number
}>

export type PageText = Readonly<{
  text: string
  title?: string
  dropped?: Readonly<Record<string, number>>
  cut?: 'bytes' | 'depth'
}>

const SLICE_CHARS = 65_536 // between slices the clock is read

/** Throws `Denial('timeout')` when time runs out; every other limit cuts the text and says so. */
export function htmlToText(source: string, options: HtmlOptions): PageText {
  const writer = new PageWriter(options)
  const events = new VisibleEvents(writer)
  const parser = new Parser(events, { decodeEntities: true })
  let cut: PageText['cut']
  try {
    for (let at = 0; at < source.length; at += SLICE_CHARS) {
      if (performance.now() > options.endsAt)
        throw new Denial('timeout', 'The deadline passed while the page was converted')
      parser.write(source.slice(at, at + SLICE_CHARS))
    }
    parser.end()
  } catch (thrown) {
    if (!(thrown instanceof Cut)) throw thrown
    cut = thrown.reason
  }
  writer.lastCall()
  events.end()
  const dropped = Object.keys(events.dropped).length > 0 ? { dropped: events.dropped } : {}
  return { ...writer.result(), ...dropped, ...(cut === undefined ? {} : { cut }) }
}
