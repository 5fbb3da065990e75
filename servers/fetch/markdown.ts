// Question: what does this page say?
// Threat:   hidden instructions, scripts, and HTML shapes (nesting, floods, unclosed parts) that stop or blow up a converter.
// Rule:     one pass over parser events in slices of 64 KB: depth, output and time are capped, hidden and active parts are dropped and counted.
// Limits:   judges the page as text; what it says remains untrusted.
// Proof:    markdown.test.ts
import { Denial } from '@hardened-mcp/security-core/worker'
import { type Handler, Parser } from 'htmlparser2'
import { HtmlWriter } from './html-writer.ts'
import { LinkList } from './link-list.ts'
import { FactReader, type PageFacts } from './page-facts.ts'
import { PageWriter } from './page-writer.ts'
import { SelectedPart, type Selector } from './selector.ts'
import { Cut, type Reader, VisibleEvents } from './visible-events.ts'

export type HtmlOptions = Readonly<{
  /** Absolute URL of the page. */
  base: string
  /** `false`: words and lines without markdown. */
  markup: boolean
  /** On the clock of `performance.now()`. */
  endsAt: number
  /** What to write: `nothing` leaves title and facts. The text of the page by default. */
  output?: 'markdown' | 'text' | 'html' | 'links' | 'nothing'
  /** Only what stands inside the elements that match. */
  selector?: Selector
}>

export type PageText = Readonly<{
  text: string
  title?: string
  dropped?: Readonly<Record<string, number>>
  cut?: 'bytes' | 'depth'
  /** How many elements the selector matched. */
  matches?: number
}> &
  PageFacts

const SLICE_CHARS = 65_536 // between slices the clock is read

/** Throws `Denial('timeout')` when time runs out; every other limit cuts the text and says so. */
export function htmlToText(source: string, options: HtmlOptions): PageText {
  const { output = 'markdown', selector, base } = options
  const writer = new PageWriter(options)
  const other = output === 'links' ? new LinkList(base) : output === 'html' ? new HtmlWriter(base) : undefined
  const inner = other ?? writer
  const selected = selector === undefined ? undefined : new SelectedPart(selector, inner, output !== 'html')
  const events = new VisibleEvents(output === 'nothing' ? titleOnly(writer) : (selected ?? inner))
  const facts = new FactReader(base)
  const parser = new Parser(tapped(events, facts), { decodeEntities: true })
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
  const matches = selected === undefined ? {} : { matches: selected.matches }
  return {
    ...inner.result(),
    ...facts.result(output === 'nothing'),
    ...dropped,
    ...matches,
    ...(cut === undefined ? {} : { cut }),
  }
}

// The head of a page is read beside its text: most of it belongs to elements that are dropped.
function tapped(events: VisibleEvents, facts: FactReader): Partial<Handler> {
  return {
    onopentag(name, attributes) {
      facts.open(name, attributes)
      events.onopentag(name, attributes)
    },
    onclosetag(name, isImplied) {
      facts.close(name)
      events.onclosetag(name, isImplied)
    },
    ontext(data) {
      facts.text(data)
      events.ontext(data)
    },
    oncomment: () => events.oncomment(),
  }
}

function titleOnly(writer: PageWriter): Reader {
  let open = 0
  return {
    drops: (name, attributes) => (name === 'title' ? undefined : writer.drops(name, attributes)),
    open(name, attributes) {
      if (name !== 'title') return () => undefined
      open += 1
      const close = writer.open(name, attributes)
      return () => {
        open -= 1
        close()
      }
    },
    text: (data) => {
      if (open > 0) writer.text(data)
    },
  }
}
