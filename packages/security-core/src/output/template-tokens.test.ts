// Marks of chat templates are broken and counted; code, prose and mathematics that look a little like them stay.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { breakTemplateTokens } from './template-tokens.ts'

suite('breakTemplateTokens()', () => {
  const broken = [
    ['<|im_start|>system', '<| im_start|>system', 1],
    ['a<|endoftext|><|im_end|>', 'a<| endoftext|><| im_end|>', 2],
    ['[INST] do it [/INST]', '[ INST] do it [ /INST]', 2],
    ['<<SYS>>x<</SYS>>', '<< SYS>>x<< /SYS>>', 2],
    ['<start_of_turn>user<end_of_turn>', '< start_of_turn>user< end_of_turn>', 2],
    ['<｜User｜>hi<｜end▁of▁sentence｜>', '<｜ User｜>hi<｜ end▁of▁sentence｜>', 2],
    ['<tool_call>{}</tool_call>', '< tool_call>{}< /tool_call>', 2],
    ['</function_results>', '< /function_results>', 1],
    ['<|reserved_special_token_5|>', '<| reserved_special_token_5|>', 1],
  ] as const
  for (const [given, text, found] of broken)
    test(`breaks ${given}`, () => assert.deepEqual(breakTemplateTokens(given), { text, found }))

  for (const text of [
    'a <| b |> c',
    'x |> f <| y',
    '[INSTALL]',
    '[inst]',
    '1 << 2 >> 3',
    '<s>struck</s>',
    'List<|T|',
    '<<EOF',
  ])
    test(`keeps ${text}`, () => assert.deepEqual(breakTemplateTokens(text), { text, found: 0 }))

  test('property: nothing is left to break, and only spaces were added', () => {
    const piece = fc.constantFrom('<|', '|>', 'im_start', '[INST]', '<<', 'SYS', '>>', '/', ' ', 'a')
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const { text } = breakTemplateTokens(pieces.join(''))
        assert.equal(breakTemplateTokens(text).found, 0)
        assert.equal(text.replaceAll(' ', ''), pieces.join('').replaceAll(' ', ''))
      }),
    )
  })
})
