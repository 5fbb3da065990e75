// A table with a caption, headers for rows and columns, and cells that know their header where the page is narrow.
import { html, type Markup } from './html.ts'

/** `sort` is what a row is ordered by; without it the text alone is shown. */
export type Cell = Readonly<{ show: Markup | string; sort?: number }>

export type Table = Readonly<{
  caption: string
  columns: readonly string[]
  /** The first cell of a row is its header. */
  rows: readonly (readonly Cell[])[]
}>

// Roles are said again: where a style shows a table as cards, browsers forget that it is one.
export function table({ caption, columns, rows }: Table): Markup {
  const heads = columns.map((name) => html`<th role="columnheader" scope="col">${name}</th>`)
  const body = rows.map(
    (cells) => html`<tr role="row">${cells.map((cell, at) => cellOf(cell, at, columns[at] ?? ''))}</tr>`,
  )
  return html`<table role="table"><caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${heads}</tr></thead><tbody role="rowgroup">${body}</tbody></table>`
}

function cellOf({ show, sort }: Cell, at: number, column: string): Markup {
  if (at === 0) return html`<th role="rowheader" scope="row">${show}</th>`
  return sort === undefined
    ? html`<td role="cell" data-label="${column}">${show}</td>`
    : html`<td role="cell" class="num" data-label="${column}" data-sort="${sort}">${show}</td>`
}
