// Proves door 2: nothing leaves that was not screened by every filter and counted.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Denial } from '../denial.ts'
import { hiddenCharacters } from './hidden-characters.ts'
import { type OutputFilter, release, screenDenial } from './release.ts'

const spend = { deadlineMs: 1, outputBytes: 10_000 }
const codeOf = (text: string, filters: readonly OutputFilter[] = [hiddenCharacters], bytes = spend.outputBytes) => {
  try {
    release({ text }, filters, { ...spend, outputBytes: bytes })
    return 'released'
  } catch (thrown) {
    assert.ok(thrown instanceof Denial)
    return thrown.code
  }
}
const starring = (letter: string): OutputFilter => ({
  name: letter,
  suspects: new RegExp(letter),
  says: (count) => `${count} of ${letter} were removed`,
  clean: (text) => ({ text: text.replaceAll(letter, '*'), removed: text.split(letter).length - 1 }),
})

suite('release()', () => {
  test('passes clean text on byte for byte', () => {
    const text = '{ "note" : "zwei  Leerzeichen", "n":1.0 }'
    const released = release({ text }, [hiddenCharacters], spend)
    assert.equal(released.text, text)
    assert.deepEqual(released.structured, { note: 'zwei  Leerzeichen', n: 1 })
    assert.equal(released.removed, 0)
    assert.ok(Object.isFrozen(released))
  })

  test('every filter sees every string, keys and nested values included', () => {
    const text = '{"a":{"ba":["ab",["a"],{"c":"b"}]},"n":1,"t":true,"z":null}'
    const released = release({ text }, [starring('a'), starring('b')], spend)
    assert.deepEqual(released.structured, {
      '*': { '**': ['**', ['*'], { c: '*' }] },
      n: 1,
      t: true,
      z: null,
      notices: ['4 of a were removed', '3 of b were removed'],
    })
    assert.deepEqual(JSON.parse(released.text), released.structured)
  })

  test('a later filter works on what an earlier one left', () => {
    const opening: OutputFilter = {
      name: 'x',
      suspects: /x/,
      says: () => 'x',
      clean: (text) => ({ text: text.replace('x', 'a'), removed: 1 }),
    }
    const released = release({ text: '{"k":"xa"}' }, [opening, starring('a')], spend)
    assert.equal(released.structured['k'], '**')
  })

  test('adds its notice to the notices of the worker', () => {
    const released = release({ text: '{"k":"\u202e","notices":["first"]}' }, [hiddenCharacters], spend)
    assert.deepEqual(released.structured['notices'], ['first', '1 hidden or control characters were removed'])
  })

  for (const text of ['', 'nonsense', '{', '[]', '"text"', 'null', '7', '{} {}'])
    test(`refuses ${JSON.stringify(text)} as the answer of a worker`, () => assert.equal(codeOf(text), 'internal'))

  test('the reason of a refusal quotes nothing of the answer', () => {
    assert.throws(
      () => release({ text: 'S3CRET' }, [hiddenCharacters], spend),
      (thrown) => thrown instanceof Denial && !thrown.message.includes('S3C'),
    )
  })

  test('counts UTF-8 bytes, and the budget itself still fits', () => {
    assert.equal(codeOf('{"k":"€"}', [hiddenCharacters], 11), 'released')
    assert.equal(codeOf('{"k":"€"}', [hiddenCharacters], 10), 'too_large')
  })

  test('counts again after screening: a notice that does not fit is not sent', () => {
    assert.equal(codeOf('{"k":"\u202e"}', [hiddenCharacters], 20), 'too_large')
  })

  test('a name of the prototype stays a name', () => {
    const released = release({ text: '{"__proto__":{"x":"\u202e"}}' }, [hiddenCharacters], spend)
    assert.deepEqual(Object.getPrototypeOf(released.structured), Object.prototype)
    assert.match(released.text, /^\{"__proto__":\{"x":""\}/)
  })

  test('property: text is always the JSON of structured', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (value) => {
        const released = release({ text: JSON.stringify(value) }, [hiddenCharacters], { ...spend, outputBytes: 1e6 })
        assert.deepEqual(JSON.parse(released.text), JSON.parse(JSON.stringify(released.structured)))
      }),
    )
  })
})

suite('screenDenial()', () => {
  test('passes a clean refusal on as it is', () => {
    const denial = new Denial('not_found', 'reason')
    assert.equal(screenDenial(denial, [hiddenCharacters]), denial)
  })

  test('removes what cannot be seen from what is said, and keeps the rest', () => {
    const denial = new Denial('rate_limited', 'reason', { says: 'No table a\u202eb\u200b', retryAfterMs: 7 })
    const { code, message, says, retryAfterMs } = screenDenial(denial, [hiddenCharacters])
    assert.deepEqual(
      { code, message, says, retryAfterMs },
      { code: 'rate_limited', message: 'reason', says: 'No table ab', retryAfterMs: 7 },
    )
  })

  test('says the fixed sentence when a filter fails', () => {
    const boom = (): never => {
      throw new Error('boom')
    }
    const denial = screenDenial(new Denial('busy', 'r', { says: 'x' }), [
      { name: 'x', suspects: /^/, says: String, clean: boom },
    ])
    assert.equal(denial.code, 'internal')
    assert.equal(denial.says, 'The call failed inside the server; nothing was returned')
  })
})
