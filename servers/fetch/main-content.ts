// Remembers where the main content of a page stands in its text, and returns that part when it is worth more than the whole.
import type { TextWriter } from './text-writer.ts'
import type { Attributes } from './visible-events.ts'

const MIN_MAIN_CHARS = 140 // a shorter <main> is a frame that a script was to fill
const MIN_ARTICLE_SHARE = 1 / 3 // teasers are articles too: they are the content only where they are much of the page

export class MainContent {
  readonly #writer: TextWriter
  readonly #everything: boolean // somebody chose the part already
  readonly #spans: Record<'main' | 'article', { from: number; to: number }[]> = { main: [], article: [] }

  constructor(writer: TextWriter, everything: boolean) {
    this.#writer = writer
    this.#everything = everything
  }

  /** Call when a block opens in the page's own flow; call what it returns when the block closes. */
  enter(name: string, attributes: Attributes): () => void {
    const kind = attributes['role'] === 'main' ? 'main' : name
    if (kind !== 'main' && kind !== 'article') return () => undefined
    const span = { from: this.#writer.position, to: 0 }
    return () => {
      span.to = this.#writer.position
      this.#spans[kind].push(span)
    }
  }

  text(): string {
    const whole = this.#writer.slice()
    if (this.#everything) return whole
    const mains = this.#spans.main.map(({ from, to }) => this.#writer.slice(from, to))
    const main = mains.reduce((longest, text) => (text.length > longest.length ? text : longest), '')
    if (main.length >= MIN_MAIN_CHARS) return main
    const from = this.#spans.article.reduce((least, span) => Math.min(least, span.from), Number.POSITIVE_INFINITY)
    const to = this.#spans.article.reduce((most, span) => Math.max(most, span.to), 0)
    const articles = from < to ? this.#writer.slice(from, to) : ''
    return articles.length >= Math.max(MIN_MAIN_CHARS, whole.length * MIN_ARTICLE_SHARE) ? articles : whole
  }
}
