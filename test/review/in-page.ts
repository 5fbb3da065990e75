// What tests ask a page from inside, as text: the types of a browser are not those of this repository.

/** Opens every part that can be opened. */
export const OPEN_ALL = `() => {
  for (const part of document.querySelectorAll('details')) part.open = true
  for (const item of document.querySelectorAll('.records > li')) item.style.contentVisibility = 'visible'
}`

/** The same with few of the records: the rest looks like them. */
export const OPEN_SOME = `() => {
  for (const part of document.querySelectorAll('details:not(.records *)')) part.open = true
  for (const part of [...document.querySelectorAll('.records details')].slice(0, 6)) part.open = true
  for (const item of [...document.querySelectorAll('.records > li')].slice(30)) item.remove()
}`

/** By the id of a record: its fields in their order, as a reader sees them. */
export const RECORDS = `() => Object.fromEntries([...document.querySelectorAll('.record')].map((list) => [list.id,
  [...list.children].map(({ children: [name, value] }) => [name.textContent, (value.querySelector('bdi') ?? value).innerText])]))`

/** The names in the table of a section, as a reader sees them. */
export const NAMES = `(id) => [...document.querySelectorAll('#' + id + ' tbody th a')].map((link) => (link.querySelector('bdi') ?? link).innerText)`

export const OPTIONS = `(name) => [...document.querySelectorAll('select[name=' + name + '] option')].map((option) => option.textContent)`

export const TAGS = `() => [...new Set([...document.querySelectorAll('body *')].map((element) => element.tagName.toLowerCase()))]`

export const DRILLS = `() => [...document.querySelectorAll('.drill')].map((drill) => drill.id)`

export const GO_TO = `(id) => { location.hash = id }`

/** How far the page is wider than the window, in CSS pixels, and which elements are. */
export const TOO_WIDE = `() => {
  const width = document.documentElement.clientWidth
  const wide = [...document.querySelectorAll('main *, header *, footer *')].filter((element) => element.getBoundingClientRect().right > width + 1)
  return [document.documentElement.scrollWidth - width, wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 120))]
}`

/** The element with the focus: its tag, id and text. */
export const FOCUS = `() => {
  const { tagName, id, hash, textContent } = document.activeElement
  return { tag: tagName.toLowerCase(), id, hash: hash ?? '', text: textContent.slice(0, 80) }
}`

export const IS_SHOWN = `(id) => document.getElementById(id).checkVisibility()`

/** Texts of the records that the filter leaves, and what the page says about them. */
export const FILTERED = `() => [[...document.querySelectorAll('.records > li')].filter((item) => item.checkVisibility()).map((item) => item.textContent),
  document.getElementById('count').textContent]`

/** Numbers of a column of the table in a section, from top to bottom. */
export const COLUMN = `([id, at]) => [...document.querySelectorAll('#' + id + ' tbody tr')].map((row) => Number(row.children[at].dataset.sort))`

/** Puts the focus where a reader would have come with Tab. */
export const FOCUS_ON = `(id) => {
  const place = document.getElementById(id)
  place.tabIndex = -1
  place.focus()
}`
