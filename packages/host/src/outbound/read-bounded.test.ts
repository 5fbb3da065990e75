// Bodies on both sides of the cap, and floods of chunks below it.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { OutboundAnswer } from './outbound.ts'
import { readBounded } from './read-bounded.ts'

const CAP = 1_000_000
const never = new AbortController().signal

// Each body ends by itself, so that a reader that counts nothing answers too.
const bodyOf = (count: number, bytes: number, headers: OutboundAnswer['headers'] = {}): OutboundAnswer => ({
  ...{ status: 200, headers, discard: () => undefined },
  body: (async function* () {
    const chunk = new Uint8Array(bytes)
    for (let i = 0; i < count; i++) yield chunk
  })(),
})

suite('readBounded()', () => {
  const passes: readonly (readonly [because: string, answer: OutboundAnswer, bytes: number])[] = [
    ['an empty body', bodyOf(0, 0), 0],
    ['as many bytes as the cap', bodyOf(4, CAP / 4), CAP],
    ['a declared length of the cap', bodyOf(1, CAP, { 'content-length': String(CAP) }), CAP],
    ['as many chunks as are taken', bodyOf(100_000, 1), 100_000],
  ]
  for (const [because, answer, bytes] of passes)
    test(`takes in ${because}`, async () => {
      assert.equal((await readBounded(answer, CAP, never)).length, bytes)
    })

  const refused: readonly (readonly [because: string, answer: OutboundAnswer, message: string])[] = [
    ['a byte more than the cap', bodyOf(1, CAP + 1), 'The body has more than 1000000 bytes'],
    ['a last chunk over the cap', bodyOf(5, CAP / 4), 'The body has more than 1000000 bytes'],
    [
      'a declared length above it, unread',
      bodyOf(0, 0, { 'content-length': String(CAP + 1) }),
      'The body has more than 1000000 declared bytes',
    ],
    ['one chunk more than are taken', bodyOf(100_001, 1), 'The body has more than 100000 chunks'],
  ]
  for (const [because, answer, message] of refused)
    test(`refuses ${because}`, async () => {
      await assert.rejects(readBounded(answer, CAP, never), { code: 'too_large', message })
    })
})
