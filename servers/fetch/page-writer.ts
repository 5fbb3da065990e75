// Turns parser events into text: which elements are dropped, which are blocks, lists, tables or code.
import { MainContent } from './main-content.ts'
import type { HtmlOptions, PageText } from './markdown.ts'
import { codeBlock, codeSpan, languageOf } from './page-code.ts'
import { BLOCKS, CODE, DROPPED, EMPHASIS, HEADING } from './page-elements.ts'
import { isPilcrow, pageLink } from './page-link.ts'
import { Table } from './table.ts'
import { TextWriter } from './text-writer.ts'
import { type Attributes, type Close, Cut, type Reader } from './visible-events.ts'

const MAX_OUTPUT_CHARS = 1_000_000
const MAX_TITLE_CHARS = 300
const CELL_CHARS = 8 // what an empty cell costs: a million of them would cost 300 MB

const nothing = () => undefined

export class PageWriter implements Reader {
  readonly #markup: boolean
  readonly #main: MainContent
  readonly #writers: [TextWriter, ...TextWriter[]]
  readonly #tables: Table[] = []
  readonly #lists: { next: number | undefined }[] = []
  #base: string
  #title: string | undefined
  #unspent = MAX_OUTPUT_CHARS
  #headings = 0
  #language = '' // of the code block that is open
  #kept: string | undefined // text of a title, code block or code span, which is not flowing text

  constructor({ base, markup, selector }: HtmlOptions) {
    this.#base = base
    this.#markup = markup
    this.#writers = [this.#newWriter()]
    this.#main = new MainContent(this.#writers[0], selector !== undefined)
  }

  drops(name: string, attributes: Attributes): 'elements' | 'nothing' | undefined {
    if (DROPPED.has(name) || (name === 'button' && this.#headings === 0)) return 'elements'
    return this.#headings > 0 && name === 'a' && isPilcrow(attributes) ? 'nothing' : undefined
  }

  text(data: string): void {
    if (this.#kept === undefined) return this.#out.text(data)
    this.#spend(data.length)
    this.#kept += data
  }

  /** From here on nothing is refused: what was taken in may be written out. */
  lastCall(): void {
    this.#unspent = Number.POSITIVE_INFINITY
  }

  result(): Pick<PageText, 'title' | 'text'> {
    const title = this.#title?.replace(/\s+/g, ' ').trim().slice(0, MAX_TITLE_CHARS)
    return { ...(title ? { title } : {}), text: this.#main.text() }
  }

  get #out(): TextWriter {
    return this.#writers.at(-1) ?? this.#writers[0]
  }

  readonly #newWriter = () => new TextWriter(this.#markup, (chars) => this.#spend(chars))

  #spend(chars: number): void {
    this.#unspent -= chars
    if (this.#unspent < 0) throw new Cut('bytes')
  }

  open(name: string, attributes: Attributes): Close {
    if (this.#kept !== undefined) return this.#openKept(name, attributes)
    if (name === 'title' && this.#title === undefined) return this.#keep((text) => void (this.#title = text))
    if (name === 'base') this.#base = pageLink(attributes['href'], this.#base) ?? this.#base
    if (name === 'pre') return this.#openPre(attributes)
    if (CODE.has(name))
      return this.#keep((text) => text.trim() !== '' && this.#out.inline(codeSpan(text, this.#markup)))
    if (HEADING.test(name)) return this.#openHeading(Number(name.slice(1)))
    const mark = EMPHASIS.get(name)
    if (mark !== undefined) return this.#openInline(mark, mark, false)
    if (name === 'a') return this.#openLink(attributes)
    if (BLOCKS.has(name)) return this.#openBlock(name, attributes)
    return this.#openOther(name, attributes)
  }

  #openOther(name: string, attributes: Attributes): Close {
    if (name === 'br') this.#out.break(false)
    if (name === 'hr' && this.#markup) this.#out.lines(['---'])
    if (name === 'img' && attributes['alt']) this.#out.text(` ${attributes['alt']} `)
    if (name === 'ul' || name === 'ol' || name === 'menu') return this.#openList(name === 'ol', attributes)
    if (name === 'li') return this.#openContainer(this.#bullet(), false)
    if (name === 'dt') return this.#openContainer('', false)
    if (name === 'dd') return this.#openContainer(': ', false)
    if (name === 'blockquote') return this.#openContainer('> ', true, '> ')
    if (name === 'table') return this.#openTable()
    if (name === 'tr') this.#tables.at(-1)?.row()
    if (name === 'td' || name === 'th') return this.#openCell()
    return nothing
  }

  // Within code and titles only the text counts, and the line breaks of `br`.
  #openKept(name: string, attributes: Attributes): Close {
    if (name === 'code') this.#language ||= languageOf(attributes)
    if (name === 'br') this.#kept += '\n'
    return nothing
  }

  #keep(done: (text: string) => unknown): Close {
    this.#kept = ''
    return () => {
      const text = this.#kept ?? ''
      this.#kept = undefined
      done(text)
    }
  }

  #openPre(attributes: Attributes): Close {
    this.#language = languageOf(attributes)
    return this.#keep((text) => this.#out.lines(codeBlock(text, this.#language, this.#markup)))
  }

  #openHeading(level: number): Close {
    this.#headings += 1
    const close = this.#openContainer(`${'#'.repeat(level)} `, true, '')
    return () => {
      this.#headings -= 1
      close()
    }
  }

  #openInline(open: string, close: string, isLink: boolean): Close {
    const out = this.#out
    const inline = out.open(open, close, isLink)
    return () => out.close(inline)
  }

  #openLink(attributes: Attributes): Close {
    const target = pageLink(attributes['href'], this.#base)
    return target === undefined ? nothing : this.#openInline('[', `](${target})`, true)
  }

  #openBlock(name: string, attributes: Attributes): Close {
    this.#out.break(true)
    const leave = this.#writers.length === 1 ? this.#main.enter(name, attributes) : nothing
    return () => {
      this.#out.break(true)
      leave()
    }
  }

  #openContainer(first: string, blank: boolean, rest = ' '.repeat(first.length)): Close {
    const out = this.#out
    out.break(blank)
    out.enter(first, rest)
    return () => {
      out.break(blank)
      out.leave()
    }
  }

  #openList(ordered: boolean, attributes: Attributes): Close {
    const start = /^\d{1,6}$/.test(attributes['start'] ?? '') ? Number(attributes['start']) : 1
    const blank = this.#lists.length === 0
    this.#out.break(blank)
    this.#lists.push({ next: ordered ? start : undefined })
    return () => {
      this.#lists.pop()
      this.#out.break(blank)
    }
  }

  #bullet(): string {
    const list = this.#lists.at(-1)
    if (list?.next === undefined) return '- '
    list.next += 1
    return `${list.next - 1}. `
  }

  #openTable(): Close {
    this.#out.break(true)
    this.#tables.at(-1)?.holdsTable()
    const table = new Table()
    this.#tables.push(table)
    return () => {
      this.#tables.pop()
      this.#out.lines(table.lines(this.#markup))
    }
  }

  #openCell(): Close {
    const table = this.#tables.at(-1)
    if (table === undefined) return nothing
    this.#spend(CELL_CHARS)
    const writer = this.#newWriter()
    this.#writers.push(writer)
    return () => {
      this.#writers.pop()
      table.cell(writer.slice())
    }
  }
}
