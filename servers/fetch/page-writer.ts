// Turns parser events into text: which elements are dropped, which are blocks, lists, tables or code.
import { MainContent } from './main-content.ts'
import type { HtmlOptions, PageText } from './markdown.ts'
import { KeptText } from './kept-text.ts'
import { codeBlock, codeSpan, languageAround, languageOf } from './page-code.ts'
import { BLOCKS, CODE, DROPPED, EMPHASIS, HEADING, HIGHLIGHTERS } from './page-elements.ts'
import { pageLink } from './page-link.ts'
import { isFootnote, isFurniture, isPilcrow } from './page-signs.ts'
import { SignWriter } from './sign-writer.ts'
import { ListNumbers } from './list-numbers.ts'
import { spanOf, Table } from './table.ts'
import { TextWriter } from './text-writer.ts'
import { type Attributes, type Close, Cut, type Reader } from './visible-events.ts'

const MAX_OUTPUT_CHARS = 1_000_000
const MAX_TITLE_CHARS = 300

const nothing = () => undefined

export class PageWriter implements Reader {
  readonly #markup: boolean
  readonly #main: MainContent
  readonly #writers: [TextWriter, ...TextWriter[]]
  readonly #tables: Table[] = []
  readonly #lists = new ListNumbers()
  readonly #kept: KeptText
  readonly #signs: SignWriter
  readonly #languages: string[] = [] // of the boxes around, for the code inside
  #base: string
  #title: string | undefined
  #unspent = MAX_OUTPUT_CHARS
  #selfLinks = 0 // how many headings and terms are open: they may hold a link to themselves

  constructor({ base, markup, selector }: HtmlOptions) {
    this.#base = base
    this.#markup = markup
    this.#writers = [this.#newWriter()]
    this.#main = new MainContent(this.#writers[0], selector !== undefined)
    this.#kept = new KeptText((chars) => this.#spend(chars))
    this.#signs = new SignWriter(this.#kept, () => this.#out, markup)
  }

  drops(name: string, attributes: Attributes): 'elements' | 'nothing' | undefined {
    if (name === 'annotation' && this.#kept.takesAnnotation(attributes)) return undefined
    if (name === 'input' && this.#lists.isOpen && attributes['type'] === 'checkbox') return undefined
    if (DROPPED.has(name) || (name === 'button' && this.#selfLinks === 0)) return 'elements'
    if (name === 'rp' || isFurniture(name, attributes, this.#kept.isOpen)) return 'nothing'
    return this.#selfLinks > 0 && name === 'a' && isPilcrow(attributes) ? 'nothing' : undefined
  }

  text(data: string): void {
    if (this.#kept.isOpen) this.#kept.add(data)
    else this.#out.text(data)
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
    if (this.#kept.isOpen) return this.#kept.open(name, attributes)
    if (name === 'title' && this.#title === undefined) return this.#kept.start(({ text }) => void (this.#title = text))
    if (name === 'base') this.#base = pageLink(attributes['href'], this.#base) ?? this.#base
    if (name === 'pre') return this.#openPre(attributes)
    if (CODE.has(name))
      return this.#kept.start(({ text }) => text.trim() !== '' && this.#out.inline(codeSpan(text, this.#markup)))
    if (HEADING.test(name)) return this.#openHeading(Number(name.slice(1)))
    const mark = EMPHASIS.get(name)
    if (mark !== undefined) return this.#openInline(mark, mark, false)
    if (name === 'a') return this.#openLink(attributes)
    if (BLOCKS.has(name)) return this.#openBlock(name, attributes)
    return this.#signs.open(name, attributes) ?? this.#openOther(name, attributes)
  }

  #openOther(name: string, attributes: Attributes): Close {
    if (name === 'br') this.#out.break(false)
    if (name === 'hr' && this.#markup) this.#out.lines(['---'])
    if (name === 'ul' || name === 'ol' || name === 'menu') return this.#openList(name === 'ol', attributes)
    if (name === 'li') return this.#openContainer(this.#lists.mark(attributes), false)
    if (name === 'dt') return this.#openSelfLinking('', false)
    if (name === 'dd') return this.#openContainer(': ', false)
    if (name === 'blockquote') return this.#openContainer('> ', true, '> ')
    if (name === 'table') return this.#openTable()
    if (name === 'tr') this.#tables.at(-1)?.row()
    if (name === 'tfoot') return this.#openFoot()
    if (name === 'td' || name === 'th') return this.#openCell(attributes)
    return nothing
  }

  #openPre(attributes: Attributes): Close {
    const own = languageOf(attributes)
    const around = this.#languages.at(-1) ?? ''
    return this.#kept.start(({ text, language }) =>
      this.#out.lines(codeBlock(text, own || language || around, this.#markup)),
    )
  }

  #openHeading(level: number): Close {
    return this.#openSelfLinking(`${'#'.repeat(level)} `, true, '')
  }

  #openSelfLinking(first: string, blank: boolean, rest = ''): Close {
    this.#selfLinks += 1
    const close = this.#openContainer(first, blank, rest)
    return () => {
      this.#selfLinks -= 1
      close()
    }
  }

  #openInline(open: string, close: string, isLink: boolean): Close {
    const out = this.#out
    const inline = out.open(open, close, isLink)
    return () => out.close(inline)
  }

  #openLink(attributes: Attributes): Close {
    if (isFootnote(attributes)) return this.#signs.openNote()
    const target = pageLink(attributes['href'], this.#base)
    return target === undefined ? nothing : this.#openInline('[', `](${target})`, true)
  }

  #openBlock(name: string, attributes: Attributes): Close {
    this.#out.break(true)
    const leave = this.#writers.length === 1 ? this.#main.enter(name, attributes) : nothing
    const language = HIGHLIGHTERS.has(name) ? languageAround(attributes) : ''
    if (language !== '') this.#languages.push(language)
    return () => {
      if (language !== '') this.#languages.pop()
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
    const blank = !this.#lists.isOpen
    this.#out.break(blank)
    this.#lists.open(ordered, attributes)
    return () => {
      this.#lists.close()
      this.#out.break(blank)
    }
  }

  #openTable(): Close {
    this.#out.break(true)
    this.#tables.at(-1)?.holdsTable()
    const table = new Table((chars) => this.#spend(chars))
    this.#tables.push(table)
    return () => {
      this.#tables.pop()
      this.#out.lines(table.lines(this.#markup))
    }
  }

  #openFoot(): Close {
    const table = this.#tables.at(-1)
    table?.foot(true)
    return () => table?.foot(false)
  }

  #openCell({ colspan, rowspan }: Attributes): Close {
    const table = this.#tables.at(-1)
    if (table === undefined) return nothing
    const done = table.cell(spanOf(colspan), spanOf(rowspan))
    const writer = this.#newWriter()
    this.#writers.push(writer)
    return () => {
      this.#writers.pop()
      done(writer.slice())
    }
  }
}
