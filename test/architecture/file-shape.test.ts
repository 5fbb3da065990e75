// The shape of every source file; each rule is first seen to fail on a file that breaks it.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { brokenShapes, LONGER, RULES } from './file-shape.ts'
import { sourceFiles } from './source-files.ts'

const file = (text: string, path = 'servers/file/x.ts') => ({ path, text })
const opening = '// One sentence about this file.\n'
const lines = (count: number) => opening + 'x\n'.repeat(count - 1)

const BAD: readonly (readonly [name: string, says: string, text: string, path?: string])[] = [
  ['no opening', 'opens with one sentence', 'export const x = 1\n'],
  ['201 lines', 'is at most as long', lines(201)],
  ['a test of 301 lines', 'is at most as long', lines(301), 'servers/file/x.test.ts'],
  ['work left open', 'holds no unfinished', `${opening}// TO${''}DO later`],
  ['work left broken', 'holds no unfinished', `${opening}// FIX${''}ME`],
  ['one test alone', 'leaves no test out', `${opening}test.on${''}ly('x')`],
  ['a suite left out', 'leaves no test out', `${opening}suite.sk${''}ip('x')`],
  ['a test left out by option', 'leaves no test out', `${opening}test('x', { sk${''}ip: true }, () => 1)`],
  ['an ignored type error', 'silences no compiler', `${opening}// @ts-ign${''}ore\nx`],
  ['an expected type error', 'silences no compiler', `${opening}// @ts-expect-err${''}or because`],
  ['a lint exception without reason', 'gives the reason', `${opening}// oxlint-dis${''}able-next-line no-console\nx`],
  ['a path of one machine', 'speaks of the product', `${opening}// see /wo${''}rk/shared/x`],
  ['a name in capitals', 'is named in kebab-case', opening, 'servers/file/readFile.ts'],
]
const GOOD: readonly (readonly [name: string, text: string, path?: string])[] = [
  ['200 lines', lines(200)],
  ['a test of 300 lines', lines(300), 'servers/file/x.test.ts'],
  ['a script with its first line', `#!/usr/bin/env node\n${opening}`, 'packages/admin/bin/hardened-mcp.js'],
  [
    'a lint exception with its reason',
    `${opening}// oxlint-dis${''}able-next-line no-console -- the command prints\nx`,
  ],
  ['a test that stops at a condition', `${opening}test('x', (t) => t.diagnostic('y'))`],
]

suite('brokenShapes()', () => {
  for (const [name, says, text, path] of BAD) {
    test(`sees ${name}`, () => {
      const broken = brokenShapes([file(text, path)])
      assert.equal(broken.length, 1, broken.join('\n'))
      assert.ok(broken[0]?.includes(`each file ${says}`), broken[0])
    })
  }
  for (const [name, text, path] of GOOD)
    test(`passes ${name}`, () => assert.deepEqual(brokenShapes([file(text, path)]), []))

  test('every rule is seen to fail once', () => {
    for (const { says } of RULES)
      assert.ok(
        BAD.some(([, seen]) => says.startsWith(seen)),
        says,
      )
  })
})

suite('the repository', () => {
  const files = sourceFiles()
  test('keeps the shape', () => assert.deepEqual(brokenShapes(files), []))
  test('was read', () => assert.ok(files.length > 40))
  test('lists no longer file that has become short', () => {
    for (const path of Object.keys(LONGER))
      assert.ok((files.find((one) => one.path === path)?.text.split('\n').length ?? 0) > 200, path)
  })
})
