// Collects the cells of one HTML table and writes it as a markdown table, or as plain blocks when it is only layout.

export class Table {
  readonly #rows: string[][] = []
  #holdsTable = false
  #lines = 0

  row(): void {
    this.#rows.push([])
  }

  cell(text: string): void {
    if (this.#rows.length === 0) this.row()
    this.#lines = Math.max(this.#lines, text.split('\n').length)
    this.#rows.at(-1)?.push(text)
  }

  holdsTable(): void {
    this.#holdsTable = true
  }

  lines(markup: boolean): readonly string[] {
    const rows = this.#rows.filter((row) => row.some((cell) => cell !== ''))
    const columns = rows.reduce((widest, row) => Math.max(widest, row.length), 0)
    if (rows.length === 0) return []
    if (columns < 2 || rows.length < 2 || this.#holdsTable || this.#lines > MAX_CELL_LINES) return layout(rows)
    if (!markup) return rows.map((cells) => cells.map(oneLine).join('\t'))
    const [header = [], ...body] = rows
    const padded = [...header, ...Array<string>(columns - header.length).fill('')]
    return [asRow(padded), asRow(Array<string>(columns).fill('---')), ...body.map(asRow)]
  }
}

const MAX_CELL_LINES = 12 // a cell of more lines is a part of the page, not a value

const asRow = (cells: readonly string[]) =>
  `| ${cells.map((cell) => oneLine(cell).replaceAll('|', '\\|')).join(' | ')} |`

const oneLine = (cell: string) => cell.replace(/\n\s*/g, ' ')

const layout = (rows: readonly (readonly string[])[]) =>
  rows.flatMap((cells) => cells.filter((cell) => cell !== '').flatMap((cell) => [...cell.split('\n'), '']))
