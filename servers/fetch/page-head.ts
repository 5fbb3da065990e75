// What every reader of a page takes from its head: the base of its links, and its first title.
import { pageLink } from './page-link.ts'
import type { Attributes, Close } from './visible-events.ts'

const MAX_TITLE_CHARS = 300

export class PageHead {
  /** What links of the page are relative to. */
  base: string
  #title: string | undefined
  #isOpen = false

  constructor(base: string) {
    this.base = base
  }

  /** How the first title is closed; `undefined` for every other element. */
  open(name: string, attributes: Attributes): Close | undefined {
    if (name === 'base') this.base = pageLink(attributes['href'], this.base) ?? this.base
    if (name !== 'title' || this.#title !== undefined) return undefined
    this.#title = ''
    this.#isOpen = true
    return () => void (this.#isOpen = false)
  }

  /** True when the text is of the title. */
  text(data: string): boolean {
    if (this.#isOpen && (this.#title?.length ?? 0) < MAX_TITLE_CHARS) this.#title += data
    return this.#isOpen
  }

  facts(): { title?: string } {
    const title = this.#title?.replace(/\s+/g, ' ').trim().slice(0, MAX_TITLE_CHARS)
    return title ? { title } : {}
  }
}
