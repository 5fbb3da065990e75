// Takes the lines that were asked for out of a text that comes in pieces, within the bytes of an answer.
import { fittingUnits, textBytes } from './answer-budget.ts'

export type Cut = Readonly<{ reason: 'bytes' | 'rows'; next?: number; next_column?: number }>

export type LineWindow = Readonly<{
  /** Lines seen to their end, or begun. */
  lines(): number
  text(): string
  /** What is left out behind the window: where the next one begins. */
  cut(): Cut | undefined
  /** True once no more text can be taken; what follows is only counted. */
  isFull(): boolean
  add(piece: string): void
}>

/** `line` and `lines` count lines from 1, `column` counts UTF-16 units from 0. Windows in a row give the whole text. */
export function lineWindow(options: {
  line: number
  column: number
  lines: number
  bytes: number
  numbered: boolean
}): LineWindow {
  const { line: first, lines: most } = options
  let left = options.bytes
  let line = 1
  let column = 0
  let text = ''
  let lineStart = 0 // where in `text` the current line begins
  let cut: Cut | undefined

  // Most pieces lie wholly inside the window: one look at their size instead of one for each line.
  function takeWhole(piece: string): boolean {
    if (cut !== undefined || options.numbered || line < first || line - first + piece.length > most) return false
    if (line === first && column < options.column) return false
    const cost = textBytes(piece)
    if (cost > left) return false
    left -= cost
    text += piece
    return true
  }

  function add(piece: string): void {
    const base = text.length
    const isTaken = takeWhole(piece)
    for (let at = 0; at < piece.length; ) {
      const newline = piece.indexOf('\n', at)
      const end = newline < 0 ? piece.length : newline + 1
      if (!isTaken && cut === undefined && line >= first) take(piece.slice(at, end))
      column += end - at
      at = end
      if (newline >= 0) {
        line += 1
        column = 0
        lineStart = isTaken ? base + at : text.length
      }
    }
  }

  function take(part: string): void {
    if (line - first >= most) {
      cut = { reason: 'rows', next: line }
      return
    }
    const skip = line === first ? Math.max(0, options.column - column) : 0
    const wanted = (opensLine(skip, part) ? prefix() : '') + part.slice(skip)
    const cost = textBytes(wanted)
    if (cost <= left) {
      left -= cost
      text += wanted
      return
    }
    if (lineStart > 0) {
      text = text.slice(0, lineStart) // whole lines only, while there is one
      cut = { reason: 'bytes', next: line }
      return
    }
    const head = opensLine(skip, part) ? prefix() : ''
    const units = fittingUnits(part.slice(skip), left - textBytes(head))
    text += head + part.slice(skip, skip + units)
    cut = { reason: 'bytes', next: line, next_column: column + skip + units }
  }

  const opensLine = (skip: number, part: string) => text.length === lineStart && skip < part.length
  const prefix = () => (options.numbered ? `${line}\t` : '')

  return {
    lines: () => (column > 0 ? line : line - 1),
    text: () => text,
    cut: () => cut,
    isFull: () => cut !== undefined,
    add,
  }
}
