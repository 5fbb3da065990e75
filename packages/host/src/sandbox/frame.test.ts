// Proves that frames survive any cut of the stream, and that a broken one is refused before it is collected.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { encodeFrame, type Frame, frameReader } from './frame.ts'

const readAll = (chunks: readonly Buffer[], maxBodyBytes = 1024) => {
  const frames: Frame[] = []
  const read = frameReader({ maxBodyBytes, deliver: (frame) => frames.push(frame) })
  for (const chunk of chunks) read(chunk)
  return frames
}

const frame = fc.record({
  id: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  head: fc.jsonValue().filter((value) => !Object.is(value, -0) && !JSON.stringify(value).includes('__proto__')),
  body: fc.string({ unit: 'grapheme' }),
})

suite('frameReader()', () => {
  test('gives back every frame whole, however the bytes were cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 40 })), (frames, cuts) => {
        let rest = Buffer.concat(frames.map(encodeFrame))
        const chunks: Buffer[] = []
        for (const cut of cuts) {
          if (rest.length === 0) break
          chunks.push(rest.subarray(0, cut))
          rest = rest.subarray(cut)
        }
        if (rest.length > 0) chunks.push(rest)
        const expected = frames.map(({ head, ...other }) => ({
          ...other,
          head: JSON.parse(JSON.stringify(head)) as unknown,
        }))
        assert.deepEqual(readAll(chunks, 4096), expected)
      }),
    )
  })

  test('refuses a body over its limit from the header alone', () => {
    const bytes = encodeFrame({ id: 1, head: {}, body: 'x'.repeat(11) })
    assert.deepEqual(readAll([bytes], 11).length, 1)
    assert.throws(() => readAll([bytes.subarray(0, 12)], 10), /Frame body must be at most 10 bytes, got 11/)
  })

  test('takes a smaller limit of the head from who reads', () => {
    const bytes = encodeFrame({ id: 1, head: 'x'.repeat(8), body: '' })
    const read = (maxHeadBytes: number) => frameReader({ maxBodyBytes: 0, maxHeadBytes, deliver: () => undefined })
    assert.doesNotThrow(() => read(10)(bytes))
    assert.throws(() => read(9)(bytes.subarray(0, 12)), /Frame head must be at most 9 bytes, got 10/)
  })

  test('refuses a head that is over its limit or not JSON', () => {
    const header = Buffer.alloc(12)
    header.writeUInt32BE(256 * 1024 + 1, 4)
    assert.throws(() => readAll([header]), /Frame head must be at most 262144 bytes/)
    header.writeUInt32BE(1, 4)
    assert.throws(() => readAll([Buffer.concat([header, Buffer.from('{')])]), SyntaxError)
  })
})
