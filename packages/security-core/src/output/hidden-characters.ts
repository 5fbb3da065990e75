// Question: does the answer carry text that a person cannot see?
// Threat:   instructions in Unicode tag characters, bidi overrides that reorder what is shown, terminal escapes.
// Rule:     tag characters outside a flag emoji, bidi controls, zero-width spaces, C0 (but tab, LF, CR) and C1 controls are removed.
// Limits:   keeps ZWJ, ZWNJ and variation selectors, which real scripts and emoji need; says nothing about visible text.
// Proof:    hidden-characters.test.ts
import type { OutputFilter } from './release.ts'

// A subdivision flag is U+1F3F4, tag letters, U+E007F (UTS #51 §C.1): the only well-formed use of tag characters.
const FLAG = /\u{1F3F4}[\u{E0020}-\u{E007E}]{1,8}\u{E007F}/u
const HIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\u206a-\u206f\ufeff\ufff9-\ufffb\u{E0000}-\u{E007F}]/u

export const hiddenCharacters: OutputFilter = Object.freeze({
  name: 'hiddenCharacters',
  // In JSON text the C0 controls stand escaped (\u00xx, \b, \f); all others stand raw.
  suspects: new RegExp(`${HIDDEN.source}|\\\\u00[01]|\\\\[bf]`, 'u'),
  clean(text) {
    let removed = 0
    const cleaned = text.replace(
      new RegExp(`(${FLAG.source})|${HIDDEN.source}`, 'gu'),
      (_match, flag: string | undefined) => {
        if (flag !== undefined) return flag
        removed += 1
        return ''
      },
    )
    return { text: cleaned, removed }
  },
})
