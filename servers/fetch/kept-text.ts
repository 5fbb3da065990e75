// Text that is taken as a whole before it is written: titles, code, formulas, raised signs. Only the words count, and what says what they are.
import { languageOf } from './page-code.ts'
import { isFootnote } from './page-signs.ts'
import type { Attributes, Close } from './visible-events.ts'

/** `language`: of the code inside. `tex`: of the formula. `isNote`: a link to a place of the same page was inside. */
export type Kept = Readonly<{ text: string; language: string; tex: string | undefined; isNote: boolean }>

const TEX = /\btex\b/i

const nothing = () => undefined

export class KeptText {
  readonly #spend: (chars: number) => void
  #text: string | undefined
  #language = ''
  #tex: string | undefined
  #isNote = false

  /** `spend` is told of every character before it is kept, and may throw. */
  constructor(spend: (chars: number) => void) {
    this.#spend = spend
  }

  get isOpen(): boolean {
    return this.#text !== undefined
  }

  start(done: (kept: Kept) => unknown): Close {
    this.#text = ''
    this.#language = ''
    this.#tex = undefined
    this.#isNote = false
    return () => {
      const kept = { text: this.#text ?? '', language: this.#language, tex: this.#tex, isNote: this.#isNote }
      this.#text = undefined
      done(kept)
    }
  }

  add(data: string): void {
    this.#spend(data.length)
    this.#text += data
  }

  /** An element inside what is kept. */
  open(name: string, attributes: Attributes): Close {
    if (name === 'code') this.#language ||= languageOf(attributes)
    if (name === 'br') this.#text += '\n'
    if (name === 'a' && (isFootnote(attributes) || attributes['href']?.startsWith('#'))) this.#isNote = true
    return name === 'annotation' ? this.#openTex() : nothing
  }

  /** True for the source of a formula, which is kept instead of what it looks like. */
  takesAnnotation(attributes: Attributes): boolean {
    return this.isOpen && TEX.test(attributes['encoding'] ?? '')
  }

  #openTex(): Close {
    const before = this.#text ?? ''
    this.#text = ''
    return () => {
      this.#tex = this.#text
      this.#text = before
    }
  }
}
