// One digest per definition: equal ones agree whatever their spelling, and any change of a word or a type is another one.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import { serverDigests, toolDigests } from './definition-digest.ts'

const TOOL = {
  name: 'add',
  title: 'Add',
  description: 'Adds two numbers.',
  inputSchema: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
  outputSchema: { type: 'object' },
  annotations: { readOnlyHint: true },
}

suite('toolDigests()', () => {
  test('is what anybody computes from FORMAT.md', () => {
    const canonical =
      '{"annotations":{"readOnlyHint":true},"description":"Adds two numbers.","inputSchema":{"properties":{"a":{"type":"number"},"b":{"type":"number"}},"type":"object"},"name":"add","outputSchema":{"type":"object"},"title":"Add"}'
    assert.equal(toolDigests(TOOL).definition, `sha256:${createHash('sha256').update(canonical).digest('hex')}`)
  })

  test('does not depend on the order of keys', () => {
    const turned = Object.fromEntries(Object.entries(TOOL).toReversed())
    assert.deepEqual(toolDigests(turned), toolDigests(TOOL))
  })

  const CHANGES: readonly [name: string, change: object, parts: readonly string[]][] = [
    ['a word of the description', { description: 'Adds two numbers!' }, ['description']],
    ['an invisible character', { description: 'Adds two\u200b numbers.' }, ['description']],
    ['the title', { title: 'Sum' }, ['title']],
    ['a parameter', { inputSchema: { type: 'object', properties: { a: { type: 'string' } } } }, ['inputSchema']],
    ['the result', { outputSchema: { type: 'object', required: ['sum'] } }, ['outputSchema']],
    ['a hint', { annotations: { readOnlyHint: false } }, ['annotations']],
    ['a member nobody knows', { _meta: { note: 'x' } }, ['other']],
    ['a member named like the prototype', JSON.parse('{"__proto__":{"a":1}}') as object, ['other']],
  ]
  for (const [name, change, parts] of CHANGES)
    test(`${name} changes it, and is named`, () => {
      const before = toolDigests(TOOL)
      const entries = [...Object.entries(TOOL), ...Object.entries(change)]
      const now = toolDigests(Object.fromEntries(entries))
      assert.notEqual(now.definition, before.definition)
      const known = (all: object, part: string) => (all as Record<string, string>)[part]
      const differing = ['title', 'description', 'inputSchema', 'outputSchema', 'annotations', 'other'].filter(
        (part) => known(now.parts, part) !== known(before.parts, part),
      )
      assert.deepEqual(differing, parts)
    })

  test('another name is another definition', () =>
    assert.notEqual(toolDigests({ ...TOOL, name: 'sum' }).definition, toolDigests(TOOL).definition))

  test('refuses what nests without end', () => {
    const endless: Record<string, unknown> = {}
    endless['self'] = endless
    assert.throws(() => toolDigests({ name: 'x', inputSchema: endless }), /nest deeper/)
  })
})

test('serverDigests(): instructions have a digest of their own', () => {
  const one = serverDigests({ name: 's', version: '1', instructions: 'Read.' })
  const other = serverDigests({ name: 's', version: '1', instructions: 'Write.' })
  assert.equal(one.parts.version, other.parts.version)
  assert.notEqual(one.parts.instructions, other.parts.instructions)
})
