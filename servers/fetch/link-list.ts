// Collects the visible links of a page, each target once and in order, as lines of markdown.
import { DROPPED } from './page-elements.ts'
import { PageHead } from './page-head.ts'
import { pageLink } from './page-link.ts'
import { type Attributes, type Close, Cut, type Reader } from './visible-events.ts'

const MAX_LINKS = 5_000
const MAX_LABEL_CHARS = 200
const SPECIAL = /[\\`*[\]<]/g

export class LinkList implements Reader {
  readonly #links = new Map<string, string>()
  readonly #head: PageHead
  #label: string | undefined

  constructor(base: string) {
    this.#head = new PageHead(base)
  }

  drops(name: string): 'elements' | undefined {
    return DROPPED.has(name) ? 'elements' : undefined
  }

  open(name: string, attributes: Attributes): Close {
    const closesTitle = this.#head.open(name, attributes)
    if (closesTitle !== undefined) return closesTitle
    if (name === 'img' && attributes['alt'] !== undefined) this.text(` ${attributes['alt']} `)
    const target = name === 'a' ? pageLink(attributes['href'], this.#head.base) : undefined
    if (target === undefined) return () => undefined
    this.#label = ''
    return () => this.#add(target)
  }

  text(data: string): void {
    this.#head.text(data)
    if (this.#label !== undefined && this.#label.length < MAX_LABEL_CHARS) this.#label += data
  }

  result(): { title?: string; text: string } {
    const lines = [...this.#links].map(([target, label]) => `- [${label}](${target})`)
    return { ...this.#head.facts(), text: lines.join('\n') }
  }

  #add(target: string): void {
    const label = (this.#label ?? '').replace(/\s+/g, ' ').trim().slice(0, MAX_LABEL_CHARS).toWellFormed()
    this.#label = undefined
    if ((this.#links.get(target) ?? '') !== '') return
    if (this.#links.size >= MAX_LINKS) throw new Cut('bytes')
    this.#links.set(target, label.replace(SPECIAL, '\\$&'))
  }
}
