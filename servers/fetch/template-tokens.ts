// Question: does the text carry marks that a model's own template reads as a change of speaker?
// Threat:   `<|im_start|>system`, `[INST]`, `<<SYS>>` in a page: where a tokenizer knows them they are not text but commands.
// Rule:     a space is put inside each such mark, which leaves it legible and no longer the mark; they are counted.
// Limits:   knows the marks of the common templates, not every future one; plain words that pose as a speaker stay.
// Proof:    template-tokens.test.ts

const TOKENS = new RegExp(
  [
    /<\|(?=[A-Za-z_][A-Za-z0-9_]{0,40}\|>)/,
    /<(?=\/?(?:start_of_turn|end_of_turn)>)/,
    /\[(?=\/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|AVAILABLE_TOOLS|TOOL_RESULTS)\])/,
    /<<(?=\/?SYS>>)/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
)

/** Pure, linear. `found` is how many marks were broken. */
export function breakTemplateTokens(text: string): Readonly<{ text: string; found: number }> {
  let found = 0
  const broken = text.replace(TOKENS, (mark) => {
    found += 1
    return `${mark} `
  })
  return { text: broken, found }
}
