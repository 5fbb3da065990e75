// The list of secret names catches every spelling a file system may accept, and leaves honest work alone.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SECRET_PATTERN, secretNames } from './secret-names.ts'
import { SECRET_EXCEPTIONS, SECRET_NAMES } from './secret-table.ts'
import { vectors } from './testing/vectors.ts'

const secrets = secretNames(['*.token', 'vault/'])

suite('secretNames()', () => {
  for (const { name, given, expect, because } of vectors<string, 'secret' | 'open'>('secrets.json')) {
    test(`${expect === 'secret' ? 'refuses' : 'passes'} ${name}: ${because}`, () => {
      assert.equal(secrets.onPath(given.split('/'), []), expect === 'secret')
    })
  }

  test('judges the last name as it judges the path, where the directories are honest', () => {
    for (const { given, expect } of vectors<string, 'secret' | 'open'>('secrets.json')) {
      const segments = given.split('/')
      const isHonestAbove = !secrets.onPath(segments.slice(0, -1), [])
      if (isHonestAbove) assert.equal(secrets.atEnd(segments, []), expect === 'secret', given)
    }
  })

  test('looks at the names of the root too, but never refuses a root as such', () => {
    assert.equal(secrets.onPath(['config'], ['repo', '.git']), true)
    assert.equal(secrets.atEnd(['config'], ['repo', '.git']), true)
    assert.equal(secrets.onPath(['id.txt'], ['home', '.ssh']), false, 'the operator granted .ssh on purpose')
    assert.equal(secrets.onPath([], ['home', '.ssh']), false)
  })

  test('takes patterns of names and directories, one star in each part', () => {
    for (const good of ['a', '*', '.git/config', 'a*b', 'a*/*b']) assert.match(good, SECRET_PATTERN)
    for (const bad of ['a**', '*a*']) assert.doesNotMatch(bad, SECRET_PATTERN)
    for (const [pattern] of [...SECRET_NAMES, ...SECRET_EXCEPTIONS]) assert.match(pattern, SECRET_PATTERN)
  })
})
