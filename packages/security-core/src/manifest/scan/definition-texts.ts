// Every text of a definition that a model may be shown, with its place: keys of a schema as well as values.

/** `place`: `name` of a tool, `key` of an object, `prose` such as a description or a title, `value` such as an enum entry. */
export type PlacedText = Readonly<{ at: string; place: 'name' | 'key' | 'prose' | 'value'; text: string }>

const PROSE = new Set(['description', 'title', '$comment', 'instructions', 'summary', 'message'])
const MAX_DEPTH = 64
const MAX_TEXTS = 20_000
const MAX_CHARS = 65_536 // of one text; the rest of a longer one is not looked at, and said to be so
const MAX_TOTAL = 4_194_304

/** `whole` is false where something was left out. Keywords of JSON Schema are texts like any other: they cost little. */
export function definitionTexts(root: unknown, at = ''): Readonly<{ texts: readonly PlacedText[]; whole: boolean }> {
  const texts: PlacedText[] = []
  const left = { chars: MAX_TOTAL, whole: true }
  walk(root, at, '', 0)
  return { texts, whole: left.whole }

  function walk(value: unknown, pointer: string, key: string, depth: number): void {
    if (typeof value === 'string') return add(value, pointer, placeOf(key, depth))
    if (typeof value !== 'object' || value === null) return
    if (depth > MAX_DEPTH) {
      left.whole = false
      return
    }
    for (const [name, member] of Object.entries(value)) {
      const place = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
      if (!Array.isArray(value)) add(name, place, 'key')
      walk(member, place, Array.isArray(value) ? key : name, depth + 1)
    }
  }

  function add(text: string, pointer: string, place: PlacedText['place']): void {
    const seen = text.slice(0, Math.min(MAX_CHARS, left.chars))
    if (seen.length < text.length || texts.length >= MAX_TEXTS) left.whole = false
    if (texts.length >= MAX_TEXTS || seen === '') return
    left.chars -= seen.length
    texts.push({ at: pointer, place, text: seen })
  }
}

const placeOf = (key: string, depth: number): PlacedText['place'] => {
  if (PROSE.has(key)) return 'prose'
  return key === 'name' && depth === 1 ? 'name' : 'value'
}
