// Writes the small things whose place or form says what they mean: exponents, footnotes, formulas, pictures, ticks, quotes, readings.
import type { KeptText } from './kept-text.ts'
import { exponent, footnote, formula, formulaImage } from './page-signs.ts'
import type { TextWriter } from './text-writer.ts'
import type { Attributes, Close } from './visible-events.ts'

const nothing = () => undefined

export class SignWriter {
  readonly #kept: KeptText
  readonly #out: () => TextWriter
  readonly #markup: boolean

  constructor(kept: KeptText, out: () => TextWriter, markup: boolean) {
    this.#kept = kept
    this.#out = out
    this.#markup = markup
  }

  /** `undefined` when the element is none of them. */
  open(name: string, attributes: Attributes): Close | undefined {
    if (name === 'sup') return this.#kept.start(({ text, isNote }) => this.#raise(text, isNote))
    if (name === 'math')
      return this.#kept.start(({ text, tex }) => this.#write(formula(tex ?? attributes['alttext'], this.#markup), text))
    if (name === 'q') return this.#around('"', '"')
    if (name === 'rt') return this.#around('(', ')')
    if (name === 'img') this.#picture(attributes)
    else if (name === 'input') this.#write(attributes['checked'] === undefined ? '[ ]' : '[x]', '', ' ')
    else return undefined
    return nothing
  }

  /** A link to a footnote, whatever it stands in. */
  openNote(): Close {
    return this.#kept.start(({ text }) => this.#raise(text, true))
  }

  #raise(text: string, isNote: boolean): void {
    const note = isNote ? footnote(text) : undefined
    this.#write(this.#markup ? (note ?? exponent(text)) : undefined, text)
  }

  #picture(attributes: Attributes): void {
    const alt = attributes['alt'] ?? ''
    const tex = formulaImage(attributes)
    if (tex !== undefined) this.#write(formula(tex, this.#markup), '')
    else if (alt !== '') this.#out().text(` ${alt} `)
  }

  // Our own sign where there is one, the text of the page where there is none.
  #write(sign: string | undefined, text: string, after = ''): void {
    if (sign) this.#out().inline(sign)
    this.#out().text(sign ? after : text)
  }

  #around(first: string, last: string): Close {
    this.#out().text(first)
    return () => this.#out().text(last)
  }
}
