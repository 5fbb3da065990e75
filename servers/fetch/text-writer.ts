// Writes lines of markdown from a stream of words, blocks and containers: white space, prefixes and empty markup come out right.

/** A quote, list item or heading: what its first and its other lines start with. */
type Container = { readonly first: string; readonly rest: string; used: boolean }

/** Inline markup that has been opened. It is written with the first text inside: empty markup never is. */
export type Inline = {
  breaks: number
  readonly open: string
  readonly close: string
  readonly isLink: boolean
  written: boolean
}

const MAX_LINK_BREAKS = 8 // a card is one link of a few blocks; more is a link that nobody closed

const SPACES = /[\t\n\f\r \u00a0\u202f]+/g // a space that does not break is a space; it may stand alone, as an entity does
const LINE_START = /^(?=(?:#{1,6}|[-+>=]|\d{1,9}[.)])(?:\s|$))/ // would make a heading, list or quote of plain text
const SPECIAL = /[\\`*[\]<]/g // would make links, images, emphasis, code or tags of plain text
const ESCAPED = '\\$&'

export class TextWriter {
  length = 0
  readonly #parts: string[] = []
  readonly #containers: Container[] = []
  readonly #markup: boolean
  readonly #spend: (chars: number) => void
  #inlines: Inline[] = []
  #newlines = 0
  #space = false

  /** `spend` is told of every character before it is kept, and may throw. */
  constructor(markup: boolean, spend: (chars: number) => void) {
    this.#markup = markup
    this.#spend = spend
  }

  /** Where the next text will stand: for `slice`. */
  get position(): number {
    return this.#parts.length
  }

  /** True inside a quote, list item or heading. */
  get isContained(): boolean {
    return this.#containers.length > 0
  }

  slice(from = 0, to?: number): string {
    return this.#parts.slice(from, to).join('').trim()
  }

  /** Ends the line; `blank` leaves an empty line as well. Emphasis ends with its line; a link goes on, its breaks are spaces. */
  break(blank: boolean): void {
    const link = this.#inlines.find(({ isLink }) => isLink)
    if (link !== undefined && link.breaks < MAX_LINK_BREAKS) {
      link.breaks += 1
      this.#space = true
      return
    }
    this.#closeFrom(0)
    this.#newlines = Math.max(this.#newlines, blank ? 2 : 1)
    this.#space = false
  }

  /** Text of the page: white space collapses, markup characters are escaped. */
  text(data: string): void {
    const words = data.replace(SPACES, ' ')
    const trimmed = words.replace(/^ | $/g, '')
    if (words.startsWith(' ')) this.#space = true
    if (trimmed === '') return
    const starts = this.#begin()
    const escaped = this.#markup ? trimmed.replace(SPECIAL, ESCAPED) : trimmed
    this.#push(starts && this.#markup && LINE_START.test(trimmed) ? escapeStart(escaped) : escaped)
    if (words.endsWith(' ')) this.#space = true
  }

  /** Markup or code of our own making, in the flow of the text. */
  inline(markup: string): void {
    this.#begin()
    this.#push(markup)
  }

  open(open: string, close: string, isLink = false): Inline {
    const inline = { breaks: 0, open, close, isLink, written: false }
    if (this.#markup) this.#inlines.push(inline)
    return inline
  }

  /** Closes `inline` and what was opened inside it, unless a break has done so already. */
  close(inline: Inline): void {
    const at = this.#inlines.indexOf(inline)
    if (at < 0) return
    this.#closeFrom(at)
    if (inline.breaks > 0) this.break(true) // a card stands for itself
  }

  enter(first: string, rest: string): void {
    this.#containers.push({ first: this.#markup ? first : '', rest: this.#markup ? rest : '', used: false })
  }

  leave(): void {
    this.#containers.pop()
  }

  /** A block whose lines are kept as they are. */
  lines(lines: readonly string[]): void {
    this.break(true)
    for (const line of lines) {
      this.#begin()
      this.#push(line)
      this.#newlines = 1
    }
    this.break(true)
  }

  /** Writes what is due before text: line breaks with prefixes, a space, opened markup. True at the start of a line. */
  #begin(): boolean {
    const starts = this.#newlines > 0 || this.length === 0
    if (starts) this.#startLine()
    else if (this.#space) this.#push(' ')
    this.#newlines = 0
    this.#space = false
    for (const inline of this.#inlines) {
      if (inline.written) continue
      inline.written = true
      this.#push(inline.open)
    }
    return starts
  }

  #startLine(): void {
    if (this.length > 0) {
      const blank = this.#containers.filter(({ used }) => used).map(({ rest }) => rest)
      this.#push(this.#newlines > 1 ? `\n${blank.join('').trimEnd()}\n` : '\n')
    }
    for (const container of this.#containers) {
      this.#push(container.used ? container.rest : container.first)
      container.used = true
    }
  }

  #closeFrom(at: number): void {
    if (this.#inlines.length <= at) return
    const closing = this.#inlines.slice(at).toReversed()
    this.#inlines = this.#inlines.slice(0, at)
    for (const { close, written } of closing) if (written) this.#push(close)
  }

  #push(text: string): void {
    if (text === '') return
    this.#spend(text.length)
    this.#parts.push(text)
    this.length += text.length
  }
}

// A digit cannot be escaped, the dot after it can.
const escapeStart = (text: string) => text.replace(/^(\d*)/, '$1\\')
