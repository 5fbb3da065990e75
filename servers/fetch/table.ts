// Collects the cells of one HTML table and writes it as a markdown table, or as plain blocks when it is only layout.

const MAX_CELL_LINES = 12 // a cell of more lines is a part of the page, not a value
const MAX_SPAN = 50 // of columns or rows; real tables stay under 30
const MAX_REPEATED_CHARS = 120 // a longer cell that spans rows stands in the first of them alone

type Cell = { text: string }
type Span = { left: number; readonly cell: Cell }
const CELL_CHARS = 8 // what an empty cell costs: a million of them would cost 300 MB

/** The number in a `colspan` or `rowspan`. */
export const spanOf = (text: string | undefined): number =>
  /^[1-9][0-9]{0,3}$/.test(text ?? '') ? Math.min(Number(text), MAX_SPAN) : 1

export class Table {
  readonly #spend: (chars: number) => void
  readonly #rows: Cell[][] = []
  readonly #foot: Cell[][] = []
  readonly #spans: (Span | undefined)[] = [] // by column: what reaches down into the next rows
  #reaching = 0 // how many of them still do
  #current: Cell[] | undefined
  #inFoot = false
  #holdsTable = false
  #lines = 0

  /** `spend` is told of what a cell costs beyond its text, and may throw. */
  constructor(spend: (chars: number) => void) {
    this.#spend = spend
  }

  row(): void {
    this.#fill(true)
    this.#current = []
    const rows = this.#inFoot ? this.#foot : this.#rows
    rows.push(this.#current)
  }

  /** Browsers show the foot last, wherever it stands. */
  foot(inside: boolean): void {
    this.#inFoot = inside
  }

  /** Takes the place of a cell where it opens; call what it returns with the text when it closes, wherever that is. */
  cell(columns = 1, rows = 1): (text: string) => void {
    if (this.#current === undefined) this.row()
    this.#fill(false)
    const cell = { text: '' }
    const repeated = { text: '' }
    for (let column = 0; column < columns; column += 1) {
      const at = this.#put(column === 0 ? cell : { text: '' })
      if (rows === 1) continue
      this.#reaching += 1
      this.#spans[at] = { left: rows - 1, cell: column === 0 ? repeated : { text: '' } }
    }
    return (text) => {
      this.#lines = Math.max(this.#lines, text.split('\n').length)
      cell.text = text
      repeated.text = text.length <= MAX_REPEATED_CHARS ? text : ''
    }
  }

  holdsTable(): void {
    this.#holdsTable = true
  }

  lines(markup: boolean): readonly string[] {
    this.#fill(true)
    const all = [...this.#rows, ...this.#foot].map((row) => row.map(({ text }) => text))
    const rows = all.filter((row) => row.some((text) => text !== ''))
    const columns = rows.reduce((widest, row) => Math.max(widest, row.length), 0)
    if (rows.length === 0) return []
    if (columns < 2 || rows.length < 2 || this.#holdsTable || this.#lines > MAX_CELL_LINES) return layout(rows)
    if (!markup) return rows.map((cells) => cells.map(oneLine).join('\t'))
    const [header = [], ...body] = rows
    const padded = [...header, ...Array<string>(columns - header.length).fill('')]
    return [asRow(padded), asRow(Array<string>(columns).fill('---')), ...body.map(asRow)]
  }

  #put(cell: Cell): number {
    this.#spend(CELL_CHARS)
    return (this.#current?.push(cell) ?? 1) - 1
  }

  // Puts down what reaches into this row from above: up to the next free column, or to the end of the row.
  #fill(toEnd: boolean): void {
    const row = this.#current
    if (row === undefined || this.#reaching === 0) return
    const last = toEnd ? this.#spans.findLastIndex((span) => (span?.left ?? 0) > 0) : Number.POSITIVE_INFINITY
    while (row.length <= last) {
      const span = this.#spans[row.length]
      if (span === undefined || span.left === 0) {
        if (!toEnd) return
        this.#put({ text: '' })
        continue
      }
      span.left -= 1
      if (span.left === 0) this.#reaching -= 1
      this.#spend(span.cell.text.length)
      this.#put(span.cell)
    }
  }
}

const asRow = (cells: readonly string[]) =>
  `| ${cells.map((cell) => oneLine(cell).replaceAll('|', '\\|')).join(' | ')} |`

const oneLine = (cell: string) => cell.replace(/\n\s*/g, ' ')

const layout = (rows: readonly (readonly string[])[]) =>
  rows.flatMap((cells) => cells.filter((cell) => cell !== '').flatMap((cell) => [...cell.split('\n'), '']))
