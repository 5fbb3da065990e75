// Judges a conversion against the facts of a page: what must still be there, and what must be gone.

export type PageFacts = Readonly<{
  name: string
  given: string
  /** `a|b` would be ambiguous in tables: alternatives stand in a list. */
  keep: readonly Readonly<{ kind: string; text: string | readonly string[] }>[]
  lose: readonly string[]
}>

export type Judged = Readonly<{ missing: readonly string[]; noise: readonly string[] }>

// The same to every writer of markdown: escapes, kinds of bullets and emphasis, spaces within a line, padding of tables.
const plain = (markdown: string): string =>
  `\n${markdown}\n`
    .replace(/\r\n?/g, '\n')
    .replace(/\\([^\w\s])/g, '$1')
    .replace(/^(\s*)[*+-][ \t]+/gm, '$1- ')
    .replace(/^(\s*\d+\.)[ \t]+/gm, '$1 ')
    .replace(/(?<!\w)_([^_\n]+)_(?!\w)/g, '*$1*')
    .replace(/[\u00a0\u202f]/g, ' ')
    .replace(/(?<=\S)[ \t]{2,}/g, ' ')
    .replace(/(?<=\|) (?=\|)/g, ' ')
    .replace(/[ \t]+$/gm, '')

const spelled = (text: string | readonly string[]): readonly string[] => [text].flat()

export function judge(markdown: string, { keep, lose }: PageFacts): Judged {
  const seen = plain(markdown)
  const missing = keep.filter(({ text }) => !spelled(text).some((one) => seen.includes(plain(one).slice(1, -1))))
  return {
    missing: missing.map(({ kind, text }) => `${kind}: ${spelled(text)[0]}`),
    noise: lose.filter((text) => seen.includes(plain(text).slice(1, -1))),
  }
}
