// A front goes on answering while it judges the worst that a worker which was taken over, or a page that it read, can send within its budget.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect, type TestClient } from '@hardened-mcp/testkit/clients'
import { MEDIA_BYTES, TEXT_BYTES } from './fixture/server.ts'

const SERVE = join(import.meta.dirname, 'fixture/serve.ts')
const WORST_PING_MS = 1_000 // ten times 50 ms in the front, and as much for the client of this test, which reads the answer meanwhile
const PICTURE_PING_MS = 5_000 // the client alone takes a second to check 4 MiB of base64 on a busy machine
const EVERY_MS = 5

const dir = mkdtempSync(join(tmpdir(), 'hostile-answers-'))
let client: TestClient
before(async () => {
  mkdirSync(join(dir, 'readable'))
  client = await connect('v1', { node: [SERVE, join(dir, 'audit'), join(dir, 'readable')] })
})
after(async () => {
  await client.close()
  rmSync(dir, { recursive: true, force: true })
})

type Raw = Readonly<{ open: string; piece: string; close: string }>
const often = (piece: string) => piece.repeat(Math.ceil(200 / piece.length)) // for the worker, which has to make megabytes of it
const inText = (piece: string): Raw => ({ open: '{"text":"', piece: often(piece), close: '"}' })
const inList = (piece: string): Raw => ({ open: '{"a":[', piece: often(`${piece},`), close: '1]}' })
const names: Raw = { open: '{', piece: '"~":1,', close: '"":1}' }
const nested: Raw = { open: '{"a":', piece: often('['), close: '' }
const picture: Raw = {
  open: '{"uri":"root://r/a.png","mime_type":"image/png","data":"',
  piece: often('QUJD'),
  close: '"}',
}

/** `code` of a refusal; without one the answer goes out. */
const ROWS: readonly (readonly [what: string, raw: Raw, code?: string])[] = [
  ['tokens that are none', inText('xoxb-')],
  ['percent signs', inText('%41')],
  ['entities', inText('&#65;')],
  ['letters set apart', inText('a ')],
  ['links', inText('](//a(')],
  ['pictures in HTML', inText('<img src=//a')],
  ['halves of pairs', inText('\\ud800')],
  ['tags', inText('\\udb40\\udc41')],
  ['selectors', inText('\\ufe00')],
  ['hidden characters in many texts', inList('"\\u202e"')],
  ['escapes in many texts', inList('"%41%41%41%41"')],
  ['many lists', inList('[]')],
  ['many names', names, 'internal'],
  ['deep nesting', nested, 'internal'],
]

/** The longest of the pings that were sent while the worker made its answer and the front judged it. */
async function worstPing(tool: string, raw: Raw & { bytes: number }) {
  const call = client.call(tool, { kind: 'raw', text: JSON.stringify(raw) })
  let isFlying = true
  const ended = call.finally(() => {
    isFlying = false
  })
  let worstMs = 0
  for (let pings = 0; isFlying || pings === 0; pings++) {
    const sentMs = performance.now()
    await client.ping()
    worstMs = Math.max(worstMs, performance.now() - sentMs)
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
  const { structuredContent } = await ended
  return { worstMs, code: (structuredContent['error'] as { code?: string } | undefined)?.code }
}

suite('ping beside the largest answers', () => {
  for (const [what, raw, code] of ROWS)
    test(`128 KiB with ${what}: ${code ?? 'goes out'}`, async () => {
      const { worstMs, code: got } = await worstPing('misbehave', { ...raw, bytes: TEXT_BYTES })
      assert.equal(got, code)
      assert.ok(worstMs < WORST_PING_MS, `${worstMs} ms`)
    })

  for (const [what, raw] of ROWS)
    test(`4 MiB with ${what}: internal`, async () => {
      const { worstMs, code } = await worstPing('misbehave_at_length', { ...raw, bytes: MEDIA_BYTES })
      assert.equal(code, 'internal')
      assert.ok(worstMs < WORST_PING_MS, `${worstMs} ms`)
    })

  test('4 MiB of a picture: goes out', async () => {
    const { worstMs, code } = await worstPing('misbehave_at_length', { ...picture, bytes: MEDIA_BYTES })
    assert.equal(code, undefined)
    assert.ok(worstMs < PICTURE_PING_MS, `${worstMs} ms`)
  })
})
