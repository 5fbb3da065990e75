// read_media_file, read_multiple_files and list_directory in another order: whole, bounded, and saying exactly what is left out.
import assert from 'node:assert/strict'
import { mkdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import fc from 'fast-check'
import { executor } from './executor.ts'
import type { Operation } from './operations.ts'
import { ground } from './testing/ground.ts'

const SPEND = { deadlineMs: 10_000, outputBytes: 131_072 }
const place = ground()
after(() => place.remove())
const execute = executor({ roots: [{ name: 'docs', path: place.root }] })
const at = (path: string) => join(place.root, path)
type Row = { path: string; text?: string; size?: number; modified?: string; denied?: string; error?: { code: string }; truncated?: { reason: string; next: number; next_column?: number } } // biome-ignore format: one shape
const ask = (operation: Operation, outputBytes = SPEND.outputBytes) => {
  const { text } = execute(operation, { ...SPEND, outputBytes })
  assert.ok(Buffer.byteLength(text) <= outputBytes, `${Buffer.byteLength(text)} bytes`)
  return JSON.parse(text) as { files: Row[]; entries: Row[]; data: string; mime_type: string; size: number; uri: string; truncated?: { reason: string; next: string } } // biome-ignore format: one shape
}

suite('read_media_file', () => {
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64') // biome-ignore format: one picture
  const FILES: readonly (readonly [string, Buffer, string])[] = [
    ['dot.png', png, 'image/png'],
    ['png without an extension', png, 'image/png'],
    ['photo.jpg', Buffer.from('ffd8ffe000104a464946', 'hex'), 'image/jpeg'],
    ['a.webp', Buffer.from('RIFF\x10\0\0\0WEBPVP8 ', 'latin1'), 'image/webp'],
    ['s.wav', Buffer.from('RIFF\x24\0\0\0WAVEfmt ', 'latin1'), 'audio/wav'],
    ['s.mp3', Buffer.from('ID3\x04\0\0', 'latin1'), 'audio/mpeg'],
    ['a.pdf', Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1'), 'application/pdf'],
    ['lies.png', Buffer.from('\0\x01\x02\x03 no picture', 'latin1'), 'application/octet-stream'],
  ]
  for (const [name, bytes, type] of FILES)
    test(`gives ${name} whole, as ${type}`, () => {
      writeFileSync(at(name), bytes)
      const answer = ask({ op: 'read_media', path: name })
      assert.deepEqual(Buffer.from(answer.data, 'base64'), bytes)
      assert.deepEqual([answer.mime_type, answer.size], [type, bytes.length])
      assert.equal(answer.uri, `root://docs/${encodeURIComponent(name)}`)
    })

  test('refuses text, which would pass the filters of the output by as base64, and an empty file', () => {
    for (const text of ['<script>hello</script>', 'zero\u200bwidth', 'naïve', '']) {
      writeFileSync(at('t.png'), text)
      assert.throws(() => ask({ op: 'read_media', path: 't.png' }), { code: 'invalid_input', says: /read_text_file/ })
    }
  })

  test('gives what just fits, and refuses one byte more without reading it', () => {
    let fits = 0
    for (let bytes = 2_000; bytes < 2_600; bytes++) {
      writeFileSync(at('edge'), Buffer.concat([png, Buffer.alloc(bytes - png.length)]))
      try {
        assert.equal(ask({ op: 'read_media', path: 'edge' }, 4_096).size, bytes)
        fits = bytes
      } catch {
        assert.equal(bytes, fits + 1)
        break
      }
    }
    assert.ok(fits > 2_000)
    truncateSync(at('edge'), 10 * 1024 ** 3)
    assert.throws(() => ask({ op: 'read_media', path: 'edge' }), { code: 'too_large' })
  })
})

suite('read_multiple_files', () => {
  test('keeps the order, gives small files whole and large ones in equal parts, and each its own error', () => {
    writeFileSync(at('big1'), 'x'.repeat(200_000))
    writeFileSync(at('small'), 'one\ntwo\n')
    writeFileSync(at('big2'), 'line of text\n'.repeat(20_000))
    writeFileSync(at('binary'), Buffer.from([0, 1, 2, 3]))
    place.build([{ link: 'away', to: '$OUT/secret.txt' }, { fifo: 'pipe' }])
    const { files } = ask({ op: 'read_many', paths: ['big1', 'small', 'none', 'big2', 'binary', 'away', 'pipe', '.'] })
    assert.deepEqual(
      files.map(({ path, error, truncated }) => [path, error?.code, truncated?.reason]),
      [
        ['docs:/big1', undefined, 'bytes'],
        ['docs:/small', undefined, undefined],
        ['docs:/none', 'not_found', undefined],
        ['docs:/big2', undefined, 'bytes'],
        ['docs:/binary', 'invalid_input', undefined],
        ['docs:/away', 'path_denied', undefined],
        ['docs:/pipe', 'path_denied', undefined],
        ['docs:/', 'invalid_input', undefined],
      ],
    )
    assert.equal(files[1]?.text, 'one\ntwo\n')
    const [one, other] = [files[0]?.text?.length ?? 0, files[3]?.text?.length ?? 0]
    assert.ok(one > 50_000 && other > 50_000, `${one} and ${other} characters`)
    assert.deepEqual(files[0]?.truncated, { reason: 'bytes', next: 1, next_column: one })
  })

  test('any files: within the budget, and every record leads to exactly the rest', () => {
    const texts = fc.array(fc.string({ maxLength: 4_000, unit: 'grapheme' }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(texts, fc.integer({ min: 8_192, max: 20_000 }), (contents, outputBytes) => {
        const wanted = contents.map((text) => text.replaceAll('\0', '').replace(/^\ufeff/, ''))
        wanted.forEach((text, i) => writeFileSync(at(`p${i}`), text))
        const { files } = ask({ op: 'read_many', paths: wanted.map((_, i) => `p${i}`) }, outputBytes)
        for (const [i, { text = '', truncated }] of files.entries()) {
          const { next, next_column: column = 0 } = truncated ?? { next: 1e9 }
          const lines = (wanted[i] ?? '').match(/[^\n]*\n|[^\n]+$/g) ?? []
          assert.equal(text, lines.slice(0, next - 1).join('') + (lines[next - 1] ?? '').slice(0, column))
        }
      }),
      { numRuns: 40 },
    )
  })
})

suite('list_directory in another order', () => {
  mkdirSync(at('many'))
  for (let i = 0; i < 2_500; i++) {
    writeFileSync(at(`many/f${i}`), 'x'.repeat(i % 50))
    utimesSync(at(`many/f${i}`), 1_700_000_000, 1_700_000_000 + (i % 70))
  }
  mkdirSync(at('many/dir'))
  writeFileSync(at('many/.env'), 'x'.repeat(1_000_000))
  place.build([{ hard: 'many/twin', to: 'small-origin' }].flatMap((step) => [{ file: 'small-origin', text: 'y'.repeat(500_000) }, step])) // biome-ignore format: one row

  function all(sort: 'size' | 'modified', outputBytes: number): Row[] {
    const rows: Row[] = []
    for (let cursor: string | undefined; ; ) {
      const page = ask({ op: 'list', path: 'many', sort, ...(cursor === undefined ? {} : { cursor }) }, outputBytes)
      rows.push(...page.entries)
      if (page.truncated === undefined) return rows
      assert.notEqual(page.truncated.next, cursor)
      cursor = page.truncated.next
    }
  }

  test('largest first, page by page, each entry once; what is not shown does not decide', () => {
    const rows = all('size', 20_000)
    assert.equal(new Set(rows.map(({ path }) => path)).size, 2_503)
    assert.equal(rows.length, 2_503)
    const sizes = rows.map(({ size }) => size ?? -1)
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => b - a),
    )
    assert.deepEqual(rows.slice(-3).map(({ path, denied }) => [path, denied]), [['docs:/many/.env', 'secret'], ['docs:/many/dir', undefined], ['docs:/many/twin', 'hard_link']]) // biome-ignore format: one row
  })

  test('newest first, with the time; no time of a secret', () => {
    const rows = all('modified', 131_072)
    assert.equal(rows.length, 2_503)
    const times = rows.map(({ modified }) => Date.parse(modified ?? '1900-01-01T00:00:00Z'))
    assert.deepEqual(
      times,
      times.toSorted((a, b) => b - a),
    )
    assert.equal(rows[0]?.path, 'docs:/many/dir')
    assert.deepEqual(rows.filter(({ modified }) => modified === undefined).map(({ path }) => path), ['docs:/many/.env', 'docs:/many/twin']) // biome-ignore format: one row
  })

  test('a time no calendar holds ends no listing, and a cursor of another order is refused', () => {
    mkdirSync(at('odd'))
    for (const seconds of [-1e11, 0, 1e11, 1e13]) {
      writeFileSync(at(`odd/t${seconds}`), '')
      utimesSync(at(`odd/t${seconds}`), seconds, seconds)
    }
    assert.equal(ask({ op: 'list', path: 'odd', sort: 'modified' }).entries.length, 4)
    for (const name of ['t0', 't10000000000000', 't-100000000000']) ask({ op: 'info', path: `odd/${name}` })
    for (const cursor of ['f1', ':f1', '1:', 'x:f', '1e9:f'])
      assert.throws(() => ask({ op: 'list', path: 'many', sort: 'size', cursor }), { code: 'invalid_input' })
  })
})
