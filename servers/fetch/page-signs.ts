// Small signs of a page that carry meaning: formulas, exponents, footnotes, and the furniture around text that carries none.
import type { Attributes } from './visible-events.ts'

const FOOTNOTE_CLASS = /(?:^|\s)(?:footnote-ref(?:erence)?|footnoteref|fn-ref|noteref)(?:\s|$)/i
const EXPONENT = /^[+\-−–]?(?:\d{1,4}|[a-z])$/i
const NOTE = /^\[?\s*([\p{L}\p{N}*†‡§ ]{1,20}?)\s*\]?$/u
const FORMULA_IMAGE = /(?:^|\s)(?:mwe-math|latex|tex$|math)/i
// What would end the formula, or make a link, a picture or a tag of it.
const MARKUP = /\$|\](?=[([])|</g
const HARMLESS: Readonly<Record<string, string>> = { $: '\\$', ']': '] ', '<': '\\lt ' }
// Line numbers, links back from a footnote, links that edit a section: beside the text, never part of it.
const GUTTER = /(?:^|\s)(?:gutter|linenos?|lineno|linenodiv|lnt?|rouge-gutter|hljs-ln-numbers|blob-num)(?:\s|$)/
const BESIDE = /(?:^|\s)(?:mw-editsection|mw-cite-backlink|footnote-backref|footnote-back|reversefootnote)(?:\s|$)/
const GUTTER_HOLDERS: ReadonlySet<string> = new Set(['td', 'th', 'span', 'div', 'pre'])

/** True for an element that stands beside the text, line numbers only within code. */
export function isFurniture(name: string, { class: classes, ...others }: Attributes, inCode: boolean): boolean {
  if (others['data-footnote-backref'] !== undefined) return true
  if (classes === undefined) return false
  return BESIDE.test(classes) || (GUTTER_HOLDERS.has(name) && GUTTER.test(classes) && (inCode || name !== 'span'))
}

/** The sign beside a heading or a definition that links to itself. */
export const isPilcrow = (attributes: Attributes): boolean =>
  attributes['href']?.startsWith('#') === true && /anchor|headerlink|permalink/i.test(attributes['class'] ?? '')

/** True for a link that leads to a footnote of the same page. */
export const isFootnote = ({ href, role, class: classes = '' }: Attributes): boolean =>
  href?.startsWith('#') === true && (role === 'doc-noteref' || FOOTNOTE_CLASS.test(classes))

/** `[^1]` for `1` and `[1]`; `undefined` for what is no mark. */
export function footnote(text: string): string | undefined {
  const mark = NOTE.exec(text.trim())?.[1]
  return mark === undefined ? undefined : `[^${mark.replaceAll(' ', '-')}]`
}

/** `^2` for what raises to a power; `undefined` for other raised text. */
export const exponent = (text: string): string | undefined =>
  EXPONENT.test(text.trim()) ? `^${text.trim()}` : undefined

/** TeX between the signs that say so; the plain text where there is none. */
export function formula(tex: string | undefined, markup: boolean): string {
  const source = (tex ?? '').replace(/\s+/g, ' ').trim()
  return markup && source !== '' ? `$${source.replace(MARKUP, (sign) => HARMLESS[sign] ?? sign)}$` : source
}

/** The TeX of a picture that shows a formula. */
export const formulaImage = ({ alt, class: classes = '' }: Attributes): string | undefined =>
  FORMULA_IMAGE.test(classes) ? alt : undefined
