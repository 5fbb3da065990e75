// Every mutant still fits the file it breaks, so that `npm run mutants` never tests less than its table says.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MUTANTS, type Mutant } from '../mutants/mutants.ts'
import { mutate } from '../mutants/mutate.ts'
import { sourceFiles } from './source-files.ts'

const sample = (over: Partial<Mutant>): Mutant => ({
  file: 'x.ts',
  find: 'a',
  replace: 'b',
  because: 'x',
  tests: [],
  ...over,
})

suite('mutate()', () => {
  test('replaces the one occurrence, whatever the replacement holds', () => {
    assert.equal(mutate('(a)', sample({ replace: '$&$1' })), '($&$1)')
  })
  test('refuses a text that is not there', () => assert.throws(() => mutate('c', sample({})), RangeError))
  test('refuses a text that is there twice', () => assert.throws(() => mutate('aa', sample({})), RangeError))
  test('refuses a break that breaks nothing', () =>
    assert.throws(() => mutate('a', sample({ replace: 'a' })), RangeError))
})

suite('the table of mutants', () => {
  const files = new Map(sourceFiles().map(({ path, text }) => [path, text]))
  for (const mutant of MUTANTS) {
    test(`${mutant.file}: ${mutant.because}`, () => {
      assert.notEqual(mutate(files.get(mutant.file) ?? '', mutant), files.get(mutant.file))
      assert.ok(mutant.tests.length > 0)
      for (const name of mutant.tests) assert.ok(files.has(name), `${name} should be there`)
    })
  }
  test('has more than twenty of the core', () => {
    assert.ok(MUTANTS.filter(({ file }) => file.startsWith('packages/security-core/')).length >= 24)
  })
})
