// Proves where a trail goes on after a restart: behind the last whole record, or not at all.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { GENESIS, leafHash, recordLine } from '@hardened-mcp/security-core'
import { openTrail } from './open-trail.ts'

let dir: string
let path: string
let tornPath: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trail-'))
  path = join(dir, 'slot-0.jsonl')
  tornPath = join(dir, 'slot-0.torn')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function lines(count: number, err = 'x'): string[] {
  const all: string[] = []
  for (let seq = 0; seq < count; seq += 1) {
    const before = all.at(-1)
    all.push(
      recordLine(
        { type: 'auth.failure', err },
        { seq, atMs: 0, prev: before === undefined ? GENESIS : leafHash(before) },
      ),
    )
  }
  return all
}
const joined = (all: readonly string[]) => all.map((line) => `${line}\n`).join('')

async function opened(text: string) {
  writeFileSync(path, text, 'latin1')
  await using handle = await open(path, 'r+')
  return await openTrail(handle, { path, tornPath })
}

suite('openTrail()', () => {
  test('an empty file starts a trail', async () => {
    assert.deepEqual(await opened(''), { seq: 0, prev: GENESIS, length: 0, tornBytes: 0 })
  })

  // 200 records reach beyond the part that is read; long ones fill it with few lines.
  for (const [count, err] of [
    [1, 'x'],
    [2, 'x'],
    [3, 'x'],
    [200, 'x'],
    [60, 'é'.repeat(85)],
  ] as const)
    test(`goes on after ${count} records`, async () => {
      const all = lines(count, err)
      const text = joined(all)
      assert.deepEqual(await opened(text), {
        seq: count,
        prev: leafHash(all.at(-1) as string),
        length: text.length,
        tornBytes: 0,
      })
      assert.equal(existsSync(tornPath), false)
    })

  for (const count of [0, 1, 2, 50])
    test(`moves an unfinished record aside after ${count} records, wherever it is torn`, async () => {
      const all = lines(count)
      const next = lines(count + 1).at(-1) as string
      for (const cut of [1, 2, 50, next.length - 1, next.length]) {
        rmSync(tornPath, { force: true })
        const end = await opened(joined(all) + next.slice(0, cut))
        assert.deepEqual(end, {
          seq: count,
          prev: count === 0 ? GENESIS : leafHash(all.at(-1) as string),
          length: joined(all).length,
          tornBytes: cut,
        })
        assert.equal(readFileSync(path, 'latin1'), joined(all))
        assert.equal(readFileSync(tornPath, 'latin1'), next.slice(0, cut))
      }
    })

  test('moves aside bytes that are no text at all, as a power cut leaves them', async () => {
    const end = await opened(`${joined(lines(3))}\0\0\0\xff\xfe`)
    assert.equal(end.tornBytes, 5)
    assert.equal(readFileSync(tornPath, 'latin1'), '\0\0\0\xff\xfe')
  })

  test('does not overwrite what was moved aside before', async () => {
    writeFileSync(tornPath, 'earlier', { mode: 0o600 })
    await assert.rejects(opened(`${joined(lines(3))}{"v"`), { code: 'EEXIST' })
    assert.equal(readFileSync(tornPath, 'utf8'), 'earlier')
    assert.equal(readFileSync(path, 'utf8'), `${joined(lines(3))}{"v"`, 'and the trail still has the bytes')
  })

  const all = lines(5)
  const last = all.at(-1) as string
  for (const [because, text] of [
    ['the last line is not a record', `${joined(all)}INFO started\n`],
    ['the last line is empty', `${joined(all)}\n`],
    ['the line before the last was edited', joined(all.with(3, (all[3] as string).replace('"x"', '"y"')))],
    ['the line before the last is missing', joined(all.toSpliced(3, 1))],
    ['the last record has another number', joined(all.with(4, last.replace('"seq":4', '"seq":5')))],
    ['the last record stands twice', joined([...all, last])],
    ['the first record is not the first', joined([last])],
    ['the only line is not a record', 'INFO started\n'],
    ['the only record claims another past', joined([(all[0] as string).replace(GENESIS, 'f'.repeat(64))])],
    ['it ends in CRLF', joined(all).replaceAll('\n', '\r\n')],
    ['it ends in a line without end', `${joined(all)}${'x'.repeat(9_000)}`],
    ['it is one line without end', 'x'.repeat(90_000)],
  ] as const)
    test(`refuses, and leaves the file as it is, when ${because}`, async () => {
      await assert.rejects(opened(text), { name: 'RangeError', message: /is damaged at its end: run "audit verify"/ })
      assert.equal(readFileSync(path, 'latin1'), text)
    })
})
