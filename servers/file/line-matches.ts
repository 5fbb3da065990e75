// The lines of one text that match, each with its neighbours, long lines cut around the match.
import { type ContentPattern, LINE_UNITS } from './content-pattern.ts'

const SHOWN_UNITS = 400 // of a line: minified files have one line
const LEAD_UNITS = 100 // of them in front of the match

/** `column` is there when `text` is only a part: the units left out before it, as read_text_file counts them. */
export type LineMatch = Readonly<{
  line: number
  column?: number
  text: string
  before?: readonly string[]
  after?: readonly string[]
}>

/** Goes through the lines from `from` on. `visit` gets every line's number, and its match if it has one, and says whether to go on. */
export function eachLine(
  text: string,
  options: Readonly<{ find: ContentPattern; from: number; context: number }>,
  visit: (line: number, match: LineMatch | undefined) => boolean,
): Readonly<{ longLines: number }> {
  const { find, from, context } = options
  const before: string[] = []
  let longLines = 0
  let line = 0
  for (let at = 0; at < text.length; ) {
    line += 1
    const { content, next } = lineAt(text, at)
    if (line >= from) {
      if (content.length > LINE_UNITS) longLines += 1
      const start = find(content.length > LINE_UNITS ? whole(content, 0, LINE_UNITS) : content)
      const match = start === undefined ? undefined : matchAt(line, content, start)
      const after = match === undefined ? [] : linesFrom(text, next, context)
      if (!visit(line, match === undefined ? undefined : { ...match, ...neighbours(before, after) })) break
    }
    if (context > 0 && before.push(head(content)) > context) before.shift()
    at = next
  }
  return { longLines }
}

function lineAt(text: string, at: number): { content: string; next: number } {
  const newline = text.indexOf('\n', at)
  const end = newline < 0 ? text.length : newline
  const isCrLf = end > at && text[end - 1] === '\r'
  return { content: text.slice(at, isCrLf ? end - 1 : end), next: end + 1 }
}

function linesFrom(text: string, from: number, count: number): readonly string[] {
  const lines: string[] = []
  for (let at = from; at < text.length && lines.length < count; ) {
    const { content, next } = lineAt(text, at)
    lines.push(head(content))
    at = next
  }
  return lines
}

const neighbours = (before: readonly string[], after: readonly string[]) => ({
  ...(before.length > 0 ? { before: [...before] } : {}),
  ...(after.length > 0 ? { after } : {}),
})

function matchAt(line: number, content: string, start: number): LineMatch {
  if (content.length <= SHOWN_UNITS) return { line, text: content }
  const from = Math.max(0, Math.min(start - LEAD_UNITS, content.length - SHOWN_UNITS))
  const column = isInsidePair(content, from) ? from + 1 : from
  return { line, column, text: whole(content, column, from + SHOWN_UNITS) }
}

const head = (content: string) => (content.length <= SHOWN_UNITS ? content : whole(content, 0, SHOWN_UNITS))

// Half a surrogate pair is no text.
const whole = (text: string, from: number, to: number) => text.slice(from, isInsidePair(text, to) ? to - 1 : to)

const isInsidePair = (text: string, at: number) => at > 0 && (text.codePointAt(at - 1) ?? 0) > 0xffff
