// Every control says what it protects, how, and where its proof is; and the proof is there.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { brokenHeaders, CONTROL_FOLDERS, controlHeader, controls, NO_CONTROL } from './control-headers.ts'
import { sourceFiles } from './source-files.ts'

const HEADER = `// Question: a?
// Threat:   b
// Rule:     c
// Limits:   d
// Proof:    x.test.ts
`
const folder = 'packages/security-core/src/access'
const control = { path: `${folder}/x.ts`, text: `${HEADER}export const x = 1\n` }
const proof = { path: `${folder}/x.test.ts`, text: '' }

suite('controlHeader()', () => {
  test('reads the five lines', () => {
    const { path } = control
    const expected = { path, question: 'a?', threat: 'b', rule: 'c', limits: 'd', proof: 'x.test.ts' }
    assert.deepEqual(controlHeader(control), expected)
  })
  for (const [name, text] of [
    ['no header', 'export const x = 1'],
    ['a line left out', HEADER.replace('// Limits:   d\n', '')],
    ['another order', HEADER.replace('Threat', 'Rule').replace('Rule:     c', 'Threat:   c')],
    ['an empty line of the five', HEADER.replace('  c', '  ')],
    ['a line before them', `// x\n${HEADER}`],
  ] as const)
    test(`refuses ${name}`, () => assert.equal(controlHeader({ path: 'x.ts', text }), undefined))
})

suite('brokenHeaders()', () => {
  test('passes a control with its proof', () => assert.deepEqual(brokenHeaders([control, proof]), []))
  test('sees a control without header', () =>
    assert.match(brokenHeaders([{ ...control, text: 'export const x = 1\n' }]).join(), /opens without Question/))
  test('sees a proof that is not there', () => assert.match(brokenHeaders([control]).join(), /which is not there/))
  test('sees a proof without a test', () =>
    assert.match(
      brokenHeaders([{ ...control, text: control.text.replace('x.test.ts', 'trust me') }]).join(),
      /no test/,
    ))
  test('finds a proof in another folder by its path from the root', () => {
    const elsewhere = { ...control, text: control.text.replace('x.test.ts', 'test/attacks/x.test.ts') }
    assert.deepEqual(brokenHeaders([elsewhere, { path: 'test/attacks/x.test.ts', text: '' }]), [])
  })
})

suite('the repository', () => {
  const files = sourceFiles()
  test('has a header and a proof for every control', () => assert.deepEqual(brokenHeaders(files), []))
  test('was read', () => assert.ok(controls(files).length >= 8))
  test('lists no exception that is not needed', () => {
    for (const path of Object.keys(NO_CONTROL)) {
      assert.match(path, CONTROL_FOLDERS)
      const file = files.find((one) => one.path === path)
      assert.ok(file !== undefined && controlHeader(file) === undefined, path)
    }
  })
})
