// What a page says about itself in its head: canonical URL, language, dates, descriptions. As untrusted as its text.
import { pageLink } from './page-link.ts'
import type { Attributes } from './visible-events.ts'

export type PageFacts = Readonly<{
  canonical_url?: string
  language?: string
  published?: string
  metadata?: Readonly<Record<string, string>>
}>

const LANGUAGE = /^[a-z]{2,3}(?:-[a-z0-9]{1,8}){0,3}$/i // BCP 47, as far as pages use it
const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/
const META_NAME = /^[a-z][a-z0-9:._-]{0,63}$/
const PUBLISHED = new Set(['article:published_time', 'datepublished', 'date', 'dc.date', 'dcterms.date', 'pubdate'])
const JSON_DATE = /"datePublished"\s*:\s*"([^"\\]{10,40})"/
const MAX_META = 40
const MAX_VALUE_CHARS = 500
const MAX_JSON_CHARS = 100_000

export class FactReader {
  #canonical: string | undefined
  #language: string | undefined
  #published: string | undefined
  #time: string | undefined // the first <time> of the page: what is left when nothing else says it
  readonly #metadata = new Map<string, string>()
  readonly #base: string
  #json: string | undefined

  constructor(base: string) {
    this.#base = base
  }

  open(name: string, attributes: Attributes): void {
    if (name === 'html' && LANGUAGE.test(attributes['lang'] ?? '')) this.#language ??= attributes['lang']
    if (name === 'link' && /(?:^|\s)canonical(?:\s|$)/i.test(attributes['rel'] ?? ''))
      this.#canonical ??= pageLink(attributes['href'], this.#base)
    if (name === 'meta') this.#meta(attributes)
    if (name === 'time') this.#time ??= dateOf(attributes['datetime'])
    if (name === 'script') this.#json = attributes['type']?.toLowerCase() === 'application/ld+json' ? '' : undefined
  }

  text(data: string): void {
    if (this.#json !== undefined && this.#json.length < MAX_JSON_CHARS) this.#json += data
  }

  close(name: string): void {
    if (name !== 'script' || this.#json === undefined) return
    this.#published ??= dateOf(JSON_DATE.exec(this.#json.slice(0, MAX_JSON_CHARS))?.[1])
    this.#json = undefined
  }

  result(all: boolean): PageFacts {
    const published = this.#published ?? this.#time
    return {
      ...(this.#canonical === undefined ? {} : { canonical_url: this.#canonical }),
      ...(this.#language === undefined ? {} : { language: this.#language }),
      ...(published === undefined ? {} : { published }),
      ...(all ? { metadata: Object.fromEntries(this.#metadata) } : {}),
    }
  }

  #meta(attributes: Attributes): void {
    const name = (attributes['property'] ?? attributes['name'] ?? attributes['itemprop'] ?? '').toLowerCase()
    const value = (attributes['content'] ?? '').replace(/\s+/g, ' ').trim().slice(0, MAX_VALUE_CHARS)
    if (!META_NAME.test(name) || value === '') return
    if (PUBLISHED.has(name)) this.#published ??= dateOf(value)
    if (this.#metadata.size < MAX_META && !this.#metadata.has(name)) this.#metadata.set(name, value.toWellFormed())
  }
}

const dateOf = (text: string | undefined) => (text !== undefined && DATE.test(text.trim()) ? text.trim() : undefined)
