// Question: can what a caller sent change the page that shows it?
// Threat:   a tool, caller or reason that is markup, script or style, or that hides, reorders or repaints what stands beside it (CWE-79, CWE-1007).
// Rule:     text enters a page through one template: markup as character references, what is not seen as \uXXXX, each value apart in its direction.
// Limits:   letters of every script are shown as they are. Look-alikes are marked as `non-ASCII`, and for the reader to judge.
// Proof:    html.test.ts, test/review/hostile.test.ts
import { asciiOnly } from '../../records.ts'

/** Text that is markup already. Made by `html` alone. */
class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type { Markup }
export type Part = Markup | string | number | readonly Markup[]

/** The constant parts of the template are markup; every value that is not is shown as the text it is. */
export function html(constant: TemplateStringsArray, ...values: readonly Part[]): Markup {
  const text = constant.map((part, index) => (index === 0 ? part : `${asMarkup(values[index - 1] ?? '')}${part}`))
  return new Markup(text.join(''))
}

function asMarkup(value: Part): string {
  if (value instanceof Markup) return value.text
  if (typeof value === 'object') return value.map(({ text }) => text).join('')
  return referenced(visible(String(value)))
}

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const referenced = (text: string) => text.replace(/[&<>"']/g, (character) => REFERENCES[character] ?? '')

// Controls, formats (bidi, zero width, tags), surrogates, unassigned and private characters, line ends, white space other than single
// spaces inside, blanks that are letters, and the fourth mark above one letter. The backslash too, so that no text looks like an escape.
const UNSEEN =
  /[\\\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}|^ | $|(?<= ) |(?<=\p{M}{3})\p{M}/gu

/** Spells what a reader would not see, or not as it is, as JSON does. Two different texts stay different. */
export const visible = (text: string): string =>
  text.replace(UNSEEN, (character) =>
    character === '\\'
      ? '\\\\'
      : Array.from(
          { length: character.length },
          (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`,
        ).join(''),
  )

/** The JSON spelling in printable ASCII: as in a trail, every character has one spelling, and look-alikes differ. */
export const inAscii = (text: string): Markup =>
  new Markup(`<code>${referenced(asciiOnly(JSON.stringify(text)))}</code>`)

/** A value that others chose, in the running text of the page. */
export function shown(text: string): Markup {
  if (text === '') return html`<span class="mark">empty</span>`
  const value = html`<bdi>${text}</bdi>`
  return /^[ -~]*$/.test(text) ? value : html`${value} <span class="mark" title="${NOT_ASCII}">non-ASCII</span>`
}

const NOT_ASCII = 'Holds other characters than ASCII: may look like another name'
