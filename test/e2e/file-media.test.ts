// Media through real clients of both eras: one block of data beside the facts, and the same bytes as a resource.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect } from '@hardened-mcp/testkit/clients'
import { openTarget, type Target } from '../target.ts'

const dir = mkdtempSync(join(tmpdir(), 'file-media-'))
const docs = join(dir, 'docs')
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64') // biome-ignore format: one picture
const WAV = Buffer.from('RIFF\x24\0\0\0WAVEfmt ', 'latin1')
const PDF = Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(3_000_000, 0xe2)])

const policy = (place: string) => `version: 1
servers:
  file:
    allowed_tools: [read_media_file, read_text_file]
    permissions: ['tool:read_only', 'resource:local', 'sys:file_read']
    resources: { roots: [{ name: docs, path: ${place} }] }
`
let target: Target

before(async () => {
  target = await openTarget()
  mkdirSync(docs)
  writeFileSync(join(docs, 'dot.png'), PNG)
  writeFileSync(join(docs, 'beep.wav'), WAV)
  writeFileSync(join(docs, 'a b.pdf'), PDF)
  writeFileSync(join(docs, 'note.txt'), 'plain')
})
after(async () => {
  await target.close()
  rmSync(dir, { recursive: true })
})

for (const kind of ['v1', 'v2-2026-07-28'] as const)
  suite(`media of the file server with the ${kind} client`, () => {
    test('come as image, audio and embedded resource, once; refusals say where to go', async () => {
      const client = await connect(kind, await target.own('file', docs, policy))
      try {
        const read = (path: string) => client.call('read_media_file', { path })
        const image = await read('dot.png')
        const facts = { path: 'docs:/dot.png', uri: 'root://docs/dot.png', mime_type: 'image/png', size: PNG.length }
        assert.deepEqual(image.structuredContent, facts)
        assert.deepEqual(JSON.parse(image.content[0]?.text ?? ''), facts)
        assert.deepEqual(image.content.slice(1), [
          { type: 'image', data: PNG.toString('base64'), mimeType: 'image/png' },
        ])
        assert.deepEqual((await read('beep.wav')).content[1], {
          type: 'audio',
          data: WAV.toString('base64'),
          mimeType: 'audio/wav',
        })
        const { content } = await read('a b.pdf')
        const uri = 'root://docs/a%20b.pdf'
        const resource = { uri, mimeType: 'application/pdf', blob: PDF.toString('base64') }
        assert.deepEqual(content[1], { type: 'resource', resource })
        const refused = await read('note.txt')
        assert.deepEqual(refused.structuredContent, {
          error: { code: 'invalid_input', message: 'This file is text; read it with read_text_file' },
        })
        assert.equal(await client.read(uri), PDF.toString('base64'))
        assert.equal(await client.read('root://docs/dot.png'), PNG.toString('base64'))
        assert.equal(await client.read('root://docs/note.txt'), 'plain')
      } finally {
        await client.close()
      }
    })
  })
