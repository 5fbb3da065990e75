// Question: can a person see this element?
// Threat:   instructions for a model in text that no reader of the page sees: display:none, zero size, off the screen.
// Rule:     hidden by attribute or by its own style: dropped with all it holds, and counted.
// Limits:   style sheets, scripts and white text on white are not seen from here; the result is untrusted either way.
// Proof:    markdown.test.ts

type Attributes = Readonly<Record<string, string>>

const HIDING_STYLE = new RegExp(
  [
    'display:none',
    'visibility:(?:hidden|collapse)',
    'font-size:(?:(?:0|0?\\.0\\d*)(?:px|pt|em|rem|%)?|(?:1|0?\\.\\d+)(?:px|pt))(?:;|!|$)',
    '(?:text-indent|left|top):-(?:\\d{4,}|999)',
    'clip:rect\\((?:0|1px)',
    'clip-path:inset\\((?:50|100)%',
    'transform:scale[xy]?\\(0[,)]',
    '(?<![-a-z])color:transparent',
  ].join('|'),
)
const TRANSPARENT = /(?<![-a-z])opacity:(?:0?\.0\d*|0)%?(?:;|!|$)/
const ANIMATED = /transform:|will-change:|transition:|animation:/ // scripts fade whole pages in from opacity 0
const COLLAPSED = /(?<![-a-z])(?:width|height):[01](?:px)?(?:;|!|$)/
const MAX_STYLE_CHARS = 4_096

export function isHidden(name: string, attributes: Attributes): boolean {
  if (name === 'dialog' && attributes['open'] === undefined) return true
  if (attributes['hidden'] !== undefined) return true
  // The words of a picture are shown to nobody either way; formulas are pictures with this attribute.
  if (attributes['aria-hidden'] === 'true' && name !== 'img') return true
  if (attributes['style'] === undefined) return false
  const style = plainStyle(attributes['style'].slice(0, MAX_STYLE_CHARS))
  if (HIDING_STYLE.test(style) || (TRANSPARENT.test(style) && !ANIMATED.test(style))) return true
  return style.includes('overflow:hidden') && COLLAPSED.test(style)
}

// CSS Syntax §4.3.7: `d\69splay` is display. Comments and white space may stand anywhere between.
const plainStyle = (style: string) =>
  style
    .replace(/\\([0-9a-f]{1,6})\s?/gi, (_, hex: string) =>
      String.fromCodePoint(Math.min(Number.parseInt(hex, 16), 0x10ffff)),
    )
    .replace(/\/\*[^]*?(?:\*\/|$)|\s+/g, '')
    .toLowerCase()
