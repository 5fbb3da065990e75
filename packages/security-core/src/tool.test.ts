// Proves that a tool is data: checked once, then frozen with everything it holds.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aTool } from '@hardened-mcp/testkit'
import { defineTool } from './tool.ts'

suite('defineTool()', () => {
  for (const name of ['query_sql', 'a', `a${'b'.repeat(63)}`])
    test(`takes the name ${name}`, () => assert.equal(defineTool({ ...aTool(), name }).name, name))

  for (const name of ['', 'Query', '1st', '_x', 'a-b', 'a.b', 'a b', 'a\n', 'ä', `a${'b'.repeat(64)}`])
    test(`refuses the name ${JSON.stringify(name)}`, () =>
      assert.throws(() => defineTool({ ...aTool(), name }), RangeError))

  test('refuses a tool that needs nothing, whatever a cast may claim', () => {
    assert.throws(() => defineTool({ ...aTool(), needs: [] as never }), /at least one capability/)
  })

  for (const [outputBytes, media, isTaken] of [
    [131_072, undefined, true],
    [131_073, undefined, false],
    [4_194_304, undefined, false],
    [4_194_304, true, true],
  ] as const)
    test(`${isTaken ? 'takes' : 'refuses'} ${outputBytes} bytes of ${media ? 'media' : 'text'}`, () => {
      const define = () =>
        defineTool({ ...aTool(), budget: { deadlineMs: 1, outputBytes }, ...(media ? { media } : {}) })
      if (isTaken) assert.equal(define().budget.outputBytes, outputBytes)
      else assert.throws(define, /must answer in at most 131072 bytes, unless with media/)
    })

  test('freezes the definition and the facts that guards can reach', () => {
    const tool = defineTool(aTool())
    for (const held of [tool, tool.needs, tool.yields, tool.budget, tool.annotations]) assert.ok(Object.isFrozen(held))
  })
})
