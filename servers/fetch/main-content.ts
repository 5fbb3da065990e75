// Remembers where the main content of a page stands in its text, and returns that part when it is worth more than the whole.
import type { TextWriter } from './text-writer.ts'
import type { Attributes } from './visible-events.ts'

const MIN_MAIN_CHARS = 140 // a shorter <main> is a frame that a script was to fill
const MIN_SHARE = 1 / 3 // teasers are articles too, and any box may be called content: only where they are much of the page
const CONTENT_IDS: ReadonlySet<string> = new Set(
  'content main main-content maincontent page-content bodycontent mw-content-text post-content article-body'.split(' '),
)
const FRAME: ReadonlySet<string> = new Set(['nav', 'footer', 'navigation', 'contentinfo'])

type Span = { readonly from: number; to: number }
type Kind = 'main' | 'article' | 'content' | 'frame'

export class MainContent {
  readonly #writer: TextWriter
  readonly #everything: boolean // somebody chose the part already
  readonly #spans: Readonly<Record<Kind, Span[]>> = { main: [], article: [], content: [], frame: [] }
  #articles = 0

  constructor(writer: TextWriter, everything: boolean) {
    this.#writer = writer
    this.#everything = everything
  }

  /** Call when a block opens in the page's own flow; call what it returns when the block closes. */
  enter(name: string, attributes: Attributes): () => void {
    const kind = this.#kindOf(attributes['role'] ?? '') ?? this.#kindOf(name, attributes['id'])
    if (kind === undefined || (kind === 'frame' && this.#writer.isContained)) return () => undefined
    const span = { from: this.#writer.position, to: 0 }
    if (kind === 'article') this.#articles += 1
    return () => {
      if (kind === 'article') this.#articles -= 1
      span.to = this.#writer.position
      this.#spans[kind].push(span)
    }
  }

  #kindOf(role: string, id = ''): Kind | undefined {
    if (role === 'main' || role === 'article') return role
    if (FRAME.has(role)) return this.#articles === 0 ? 'frame' : undefined
    return CONTENT_IDS.has(id.toLowerCase()) ? 'content' : undefined
  }

  text(): string {
    const whole = this.#writer.slice()
    if (this.#everything) return whole
    const main = this.#longest('main')
    if (main.length >= MIN_MAIN_CHARS) return main
    const least = Math.max(MIN_MAIN_CHARS, whole.length * MIN_SHARE)
    const articles = this.#slice(this.#spans.article)
    if (articles.length >= least) return articles
    const content = this.#longest('content')
    if (content.length >= least) return content
    const inner = this.#withoutFrame()
    return inner.length >= MIN_MAIN_CHARS ? inner : whole
  }

  #longest(kind: Kind): string {
    const texts = this.#spans[kind].map(({ from, to }) => this.#writer.slice(from, to))
    return texts.reduce((longest, text) => (text.length > longest.length ? text : longest), '')
  }

  // From the first of them to the last: what stands between two articles is theirs.
  #slice(spans: readonly Span[]): string {
    const from = spans.reduce((least, span) => Math.min(least, span.from), Number.POSITIVE_INFINITY)
    const to = spans.reduce((most, span) => Math.max(most, span.to), 0)
    return from < to ? this.#writer.slice(from, to) : ''
  }

  #withoutFrame(): string {
    const frames = this.#spans.frame.toSorted((a, b) => a.from - b.from)
    let at = 0
    const kept = frames.map(({ from, to }) => {
      const text = from > at ? this.#writer.slice(at, from) : ''
      at = Math.max(at, to)
      return text
    })
    return [...kept, this.#writer.slice(at)].filter((text) => text !== '').join('\n\n')
  }
}
