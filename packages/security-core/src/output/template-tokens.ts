// Question: does the text carry marks that a model's own template reads as a change of speaker?
// Threat:   `<|im_start|>system`, `[INST]`, `<<SYS>>` in a page, a row or a file: where a tokenizer knows them they are commands, not text.
// Rule:     a space is put inside each such mark, which leaves it legible and no longer the mark; they are counted.
// Limits:   knows the marks of the common templates, not every future one; plain words that pose as a speaker stay.
// Proof:    template-tokens.test.ts
import type { OutputFilter } from './release.ts'
import { slicedFilter } from './slices.ts'

// ChatML, Llama 2 to 4, Gemma, Mistral, Phi, Command R, Granite, DeepSeek (full-width bars), and the calls of tool-using models.
const STARTS = [
  /<\|(?=[A-Za-z_][A-Za-z0-9_]{0,40}\|>)/,
  /<｜(?=[^\s<>｜]{1,40}｜>)/,
  /<(?=\/?(?:start_of_turn|end_of_turn|tool_calls?|tool_responses?|(?:antml:)?function_(?:calls|results))>)/,
  /\[(?=\/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|AVAILABLE_TOOLS|TOOL_RESULTS)\])/,
  /<<(?=\/?SYS>>)/,
]
const TOKENS = new RegExp(STARTS.map(({ source }) => source).join('|'), 'g')

export const templateTokens: OutputFilter = slicedFilter({
  name: 'templateTokens',
  suspects: new RegExp(TOKENS.source),
  mayHold: /[<[]/,
  pattern: TOKENS,
  reach: 64,
  says: (count) => `${count} marks of chat templates were broken by a space`,
  instead: ([mark]) => `${mark} `,
})

/** Pure, linear. `found` is how many marks were broken. */
export function breakTemplateTokens(text: string): Readonly<{ text: string; found: number }> {
  const { text: broken, removed: found } = templateTokens.clean(text)
  return { text: broken, found }
}
