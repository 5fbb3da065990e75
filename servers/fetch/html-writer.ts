// Writes the selected part of a page as HTML again: the visible elements alone, links resolved, nothing that acts.
import { DROPPED } from './page-elements.ts'
import { PageHead } from './page-head.ts'
import { pageLink } from './page-link.ts'
import { type Attributes, type Close, Cut, type Reader } from './visible-events.ts'

const MAX_OUTPUT_CHARS = 1_000_000
const VOID: ReadonlySet<string> = new Set('area br col hr img wbr'.split(' '))
const LINKS: ReadonlySet<string> = new Set(['href', 'src', 'cite', 'poster'])
const ACTS = /^(?:on.*|style|srcdoc|srcset|formaction|action|ping|background|data)$/
const ATTRIBUTE = /^[a-z][a-z0-9:_-]{0,63}$/
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign)

export class HtmlWriter implements Reader {
  readonly #parts: string[] = []
  readonly #head: PageHead
  #unspent = MAX_OUTPUT_CHARS

  constructor(base: string) {
    this.#head = new PageHead(base)
  }

  drops(name: string): 'elements' | undefined {
    return DROPPED.has(name) ? 'elements' : undefined
  }

  open(name: string, attributes: Attributes): Close {
    const closesTitle = this.#head.open(name, attributes)
    if (closesTitle !== undefined) return closesTitle
    if (name === 'base' || name === 'title') return () => undefined
    const end = VOID.has(name) ? '' : `</${name}>`
    this.#spend(end.length) // ahead, so that what was opened can always be closed
    this.#push(`<${name}${Object.entries(attributes).map(this.#attribute).join('')}>`)
    return () => void this.#parts.push(end)
  }

  text(data: string): void {
    if (!this.#head.text(data)) this.#push(escaped(data))
  }

  result(): { title?: string; text: string } {
    return { ...this.#head.facts(), text: this.#parts.join('').trim() }
  }

  readonly #attribute = ([name, value]: [string, string]): string => {
    if (!ATTRIBUTE.test(name) || ACTS.test(name)) return ''
    const shown = LINKS.has(name) && !value.startsWith('#') ? pageLink(value, this.#head.base) : value
    return shown === undefined ? '' : ` ${name}="${escaped(shown)}"`
  }

  #push(text: string): void {
    this.#spend(text.length)
    this.#parts.push(text)
  }

  #spend(chars: number): void {
    this.#unspent -= chars
    if (this.#unspent < 0) throw new Cut('bytes')
  }
}
