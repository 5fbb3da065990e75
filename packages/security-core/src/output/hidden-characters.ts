// Question: does the answer carry text that a person cannot see?
// Threat:   instructions in Unicode tag characters, bidi overrides that reorder what is shown, terminal escapes.
// Rule:     tag characters outside a flag, bidi controls, zero-width spaces, stray variation selectors and control characters go.
// Limits:   keeps ZWJ, ZWNJ and one variation selector per character, which real scripts and emoji need; judges no visible text.
// Proof:    hidden-characters.test.ts
import { FLAG } from '../input/text-as-read.ts'
import type { OutputFilter } from './release.ts'
import { slicedFilter } from './slices.ts'

const HIDDEN = new RegExp(
  [
    /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{E0000}-\u{E007F}]/u,
    // One selector shapes the character before it; a second one only carries bits (any byte string fits behind one emoji).
    /(?<=[\ufe00-\ufe0f\u{E0100}-\u{E01EF}])[\ufe00-\ufe0f\u{E0100}-\u{E01EF}]/u,
    /(?<!\p{Ideographic})[\u{E0100}-\u{E01EF}]/u, // UTS #37: these select variants of ideographs and nothing else
    /(?<=[\u200c\u200d]{3})[\u200c\u200d]/u, // Unicode 23.2 knows ZWJ ZWNJ ZWJ; longer runs are Morse code
  ]
    .map(({ source }) => source)
    .join('|'),
  'u',
)
const SCREEN = new RegExp(`(${FLAG.source})|${HIDDEN.source}`, 'gu')

/** They are removed. */
export const hiddenCharacters: OutputFilter = screenOf('removed', () => '')

/** They are written out as `[U+202E]`, for whoever has to see what stood there. */
export const shownCharacters: OutputFilter = screenOf(
  'written out',
  (character) => `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
)

function screenOf(done: string, instead: (character: string) => string): OutputFilter {
  return slicedFilter({
    name: 'hiddenCharacters',
    // JSON text may hold any character escaped (\u00xx, \b, \f), whoever wrote it: an escape is reason enough to look.
    suspects: new RegExp(`${HIDDEN.source}|\\\\[ubf]`, 'u'),
    mayHold: /[^\t\n\r -~]|\\[ubf]/, // of ASCII only what is printed and what breaks lines stays
    pattern: SCREEN,
    reach: 64,
    says: (count) => `${count} hidden or control characters were ${done}`,
    instead: ([character, flag]) => (flag === undefined ? instead(character) : undefined),
  })
}
