// Tables of HTML elements: what is dropped, what is a block, what is emphasis.

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

// Code, frames, pictures and controls: nothing in them is text of the page. A form itself stays: some sites wrap all of a page in one.
export const DROPPED = words(
  'script style template noscript svg canvas iframe frame object embed applet audio video map input select textarea datalist noembed noframes annotation',
)
export const BLOCKS = words(
  'p div section article main header footer nav aside figure figcaption address details summary fieldset legend center dl search hgroup form caption',
)
export const EMPHASIS: ReadonlyMap<string, string> = new Map([
  ['b', '**'],
  ['strong', '**'],
  ['i', '*'],
  ['em', '*'],
  ['del', '~~'],
  ['s', '~~'],
])
export const CODE = words('code kbd samp tt')
export const HEADING = /^h[1-6]$/
/** Boxes whose class may say the language of the code inside. */
export const HIGHLIGHTERS = words('div figure')
