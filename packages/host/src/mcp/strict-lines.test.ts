// What standard input lets through, what it answers, and what it forgets.
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { suite, test } from 'node:test'
import { StrictLines } from './strict-lines.ts'

const MAX = 1024 * 1024

async function through(chunks: Iterable<string | Buffer>): Promise<{ passed: string; answers: string[] }> {
  const output = new PassThrough({ highWaterMark: 64 * MAX })
  const lines = new StrictLines(output)
  let passed = ''
  lines.on('data', (chunk) => {
    passed += String(chunk)
  })
  for (const chunk of chunks) if (!lines.write(chunk)) await new Promise((resolve) => lines.once('drain', resolve))
  await new Promise<void>((resolve) => lines.end(resolve))
  output.end()
  const answers = String(output.read() ?? '')
    .split('\n')
    .filter(Boolean)
  return { passed, answers: answers.map((line) => (JSON.parse(line) as { error: { message: string } }).error.message) }
}

const padded = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`

suite('StrictLines', () => {
  test('passes each message on as it came, whatever the pieces it came in', async () => {
    const text = '{"a":1}\n{"b":"ü"}\r\n{"c":3}\n'
    const bytes = Buffer.from(text)
    for (const size of [1, 2, 3, 7, 100]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      )
      assert.deepEqual(await through(pieces), { passed: text, answers: [] }, `pieces of ${size}`)
    }
  })

  test('ignores empty lines, and a last line that has no end', async () => {
    assert.deepEqual(await through(['\n\r\n  \n{"a":1}\n{"b":']), { passed: '{"a":1}\n', answers: [] })
  })

  const REFUSED: readonly [name: string, line: string | Buffer, says: RegExp][] = [
    ['no JSON', 'hello', /not JSON/],
    ['a batch', '[{"jsonrpc":"2.0"}]', /Batches/],
    ['a key twice', '{"method":"ping","method":"tools/call"}', /key twice/],
    ['33 levels', `{"a":${'['.repeat(32)}${']'.repeat(32)}}`, /nests deeper/],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]), /not UTF-8/],
    ['a message one byte too long', padded(MAX + 1), /longer than 1048576 bytes/],
  ]
  for (const [name, line, says] of REFUSED)
    test(`answers ${name}, and goes on with the next line`, async () => {
      const { passed, answers } = await through([line, '\n{"next":1}\n'])
      assert.equal(passed, '{"next":1}\n')
      assert.equal(answers.length, 1)
      assert.match(answers[0] ?? '', says)
      assert.match(answers[0] ?? '', /^Parse error: /)
    })

  test('passes a message of exactly the largest size', async () => {
    const { passed, answers } = await through([padded(MAX), '\n'])
    assert.equal(passed.length, MAX + 1)
    assert.deepEqual(answers, [])
  })

  test('a line without an end costs no memory', async () => {
    const before = process.memoryUsage().arrayBuffers
    const chunk = Buffer.alloc(64 * 1024, 'x')
    const { answers } = await through(
      (function* () {
        for (let index = 0; index < 4096; index++) yield chunk // 256 MiB
        assert.ok(process.memoryUsage().arrayBuffers - before < 64 * MAX)
        yield '\n'
      })(),
    )
    assert.equal(answers.length, 1)
  })

  test('reads no further while nobody reads the answers', async () => {
    const output = new PassThrough({ highWaterMark: 1 })
    const lines = new StrictLines(output)
    lines.resume()
    output.write('an answer that waits')
    let taken = false
    lines.write('{"a":1}\n', () => {
      taken = true
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(taken, false)
    output.resume()
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(taken, true)
  })
})
