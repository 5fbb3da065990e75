// Proves that the table of refusals is complete and public, and that reasons stay out of it.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DENIALS, Denial, denialOf, isDenialCode } from './denial.ts'

suite('DENIALS', () => {
  test('holds the nineteen public codes; none is renamed or removed', () => {
    const PUBLIC = [
      'invalid_input',
      'unauthorized',
      'rate_limited',
      'busy',
      'policy_denied',
      'sql_denied',
      'path_denied',
      'url_denied',
      'not_found',
      'conflict',
      'too_large',
      'timeout',
      'upstream_failed',
      'tainted',
      'approval_required',
      'quarantined',
      'switched_off',
      'audit_unavailable',
      'internal',
    ]
    for (const code of PUBLIC) assert.ok(isDenialCode(code), code)
  })

  test('every sentence is plain, short and free of paths', () => {
    for (const sentence of Object.values(DENIALS)) assert.match(sentence, /^[A-Z][A-Za-z ,;]{10,100}$/)
  })
})

suite('isDenialCode()', () => {
  for (const value of ['policy_denied', 'internal']) test(`${value} is a code`, () => assert.ok(isDenialCode(value)))
  for (const value of ['', 'Internal', 'toString', '__proto__', 'constructor', undefined, null, 1, ['internal']])
    test(`${JSON.stringify(value) ?? 'undefined'} is none`, () => assert.ok(!isDenialCode(value)))
})

suite('Denial', () => {
  test('says the sentence of its code unless a fixed sentence is given', () => {
    assert.equal(new Denial('timeout', 'worker 3 killed').says, DENIALS.timeout)
    assert.equal(new Denial('timeout', 'worker 3 killed', { says: 'Ended after 5 s' }).says, 'Ended after 5 s')
  })

  test('keeps the reason out of what is said, for every code', () => {
    for (const code of Object.keys(DENIALS).filter(isDenialCode)) {
      const denial = new Denial(code, 'secret-reason')
      assert.doesNotMatch(denial.says, /secret-reason/)
      assert.equal(denial.message, 'secret-reason')
    }
  })
})

suite('denialOf()', () => {
  test('passes a denial on as it is', () => {
    const denial = new Denial('busy', 'no worker')
    assert.equal(denialOf(denial), denial)
  })
  for (const thrown of [new TypeError('bad'), 'text', undefined, null, 0, { code: 'policy_denied', says: 'hello' }]) {
    test(`turns ${JSON.stringify(thrown) ?? 'undefined'} into internal`, () => {
      const denial = denialOf(thrown)
      assert.equal(denial.code, 'internal')
      assert.equal(denial.says, DENIALS.internal)
      assert.equal(denial.cause, thrown)
    })
  }
})
