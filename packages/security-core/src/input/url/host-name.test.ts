// Boundaries of label and name lengths, reserved suffixes by label, and the last label.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isPlainHostName, isPublicHostName } from './host-name.ts'

const NAME_OF_253 = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(57)}.com`

suite('isPublicHostName()', () => {
  const rows = [
    ['example.com', true, 'plain'],
    ['a.b', false, 'last label of one letter'],
    ['a.bc', true, 'last label of two letters'],
    ['com', false, 'one label'],
    [`${'a'.repeat(63)}.com`, true, 'label of 63'],
    [`${'a'.repeat(64)}.com`, false, 'label of 64'],
    [NAME_OF_253, true, 'name of 253'],
    [`e${NAME_OF_253}`, false, 'first label over 63 and name of 254'],
    [`e.${NAME_OF_253}`, false, 'name of 255'],
    ['sub.local', false, 'reserved suffix'],
    ['local.com', true, 'reserved word as another label'],
    ['mylocal.dev', true, 'another last label'],
    ['home.arpa', false, 'the suffix itself'],
    ['x.home.arpa', false, 'below the suffix'],
    ['notthome.arpa', true, 'by label, not by letters'],
    ['xn--mnchen-3ya.de', true, 'punycode'],
    ['a.xn--p1ai', true, 'punycode last label'],
    ['a.xn--', false, 'empty punycode'],
    ['a.1', false, 'number'],
    ['a.0x1', false, 'hex number'],
    ['a.com.', false, 'final dot'],
    ['Example.com', false, 'upper case never gets here'],
  ] as const
  for (const [name, expected, because] of rows)
    test(`${name.slice(0, 40)} ${expected}: ${because}`, () => assert.equal(isPublicHostName(name), expected))
})

suite('isPlainHostName()', () => {
  const rows = [
    ['wiki', true],
    ['wiki.corp', true],
    ['a_b.lan', true],
    ['', false],
    ['a..b', false],
    ['-a', false],
    ['a-', false],
    ['a b', false],
    ['a:b', false],
  ] as const
  for (const [name, expected] of rows) test(`${name} ${expected}`, () => assert.equal(isPlainHostName(name), expected))
})
