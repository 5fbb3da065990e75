// Proves that a server goes on only behind the very end its key was kept for, and goes on by itself after every crash.
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { GENESIS, leafHash, recordLine } from '@hardened-mcp/security-core'
import { openAuditSink } from './file-sink.ts'
import { verifyDirectory } from './verify/verify-directory.ts'

let base: string
let dir: string
beforeEach(() => {
  base = mkdtempSync(join(realpathSync(tmpdir()), 'replay-'))
  dir = join(base, 'audit')
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

const open = () => openAuditSink({ dir, server: 'test', now: Date.now, limits: { segmentBytes: 20_000 } })
async function write(count: number): Promise<void> {
  const trail = await open()
  for (let index = 0; index < count; index += 1) await trail.sink({ type: 'auth.success' })
  await trail.close()
}
const copyTo = (name: string) => cpSync(dir, join(base, name), { recursive: true, preserveTimestamps: true })
const swapIn = (name: string, file: string) => cpSync(join(base, name, file), join(dir, file))
const cut = (lines: number) => {
  const path = join(dir, 'slot-0.jsonl')
  writeFileSync(
    path,
    `${readFileSync(path, 'latin1')
      .split('\n')
      .slice(0, -1 - lines)
      .join('\n')}\n`,
  )
}
const passes = async () => assert.deepEqual((await verifyDirectory(dir)).exitCode, 0)

suite('a start', () => {
  test('seals each run with a key of its own, over segments', async () => {
    const keys = new Set<string>()
    for (let round = 0; round < 4; round += 1) {
      await write(40)
      keys.add(readFileSync(join(dir, 'slot-0.key'), 'latin1'))
    }
    assert.equal(keys.size, 4)
    await passes()
  })

  for (const [because, prepare] of [
    ['the trail is newer than the key that was kept, by one checkpoint', () => swapIn('before', 'slot-0.key')],
    ['by many', () => swapIn('start', 'slot-0.key')],
    ['records stand behind the last checkpoint', () => undefined],
  ] as const)
    test(`goes on when ${because}`, async () => {
      await write(3)
      copyTo('start')
      for (let round = 0; round < 3; round += 1) await write(60)
      copyTo('before')
      await write(60)
      prepare()
      await write(2)
      await passes()
    })

  test('a trail older than checkpoints goes on, and gets its first checkpoint over all that is there', async () => {
    await (await open()).close()
    for (const name of ['slot-0.key', 'log.key', 'log.pub']) rmSync(join(dir, name))
    const lines: string[] = []
    for (let seq = 0; seq < 50; seq += 1) {
      const prev = lines.length === 0 ? GENESIS : leafHash(lines.at(-1) as string)
      lines.push(recordLine({ type: 'auth.success' }, { seq, atMs: 0, prev }))
    }
    writeFileSync(join(dir, 'slot-0.jsonl'), `${lines.join('\n')}\n`, { mode: 0o600 })
    assert.equal((await verifyDirectory(dir)).exitCode, 3, 'nothing vouches for it yet')
    await write(5)
    await write(5)
    await passes()
  })

  test('goes on after a crash between the first key and the first record', async () => {
    await (await open()).close()
    const [first = ''] = readFileSync(join(dir, 'slot-0.jsonl'), 'latin1').split('\n')
    writeFileSync(join(dir, 'slot-0.jsonl'), '')
    assert.match(first, /"epoch":0/)
    assert.equal((await verifyDirectory(dir)).exitCode, 3)
    await write(2)
    await passes()
  })

  for (const [because, tamper] of [
    ['the last record was cut off', () => cut(1)],
    ['half of the records were cut off', () => cut(10)],
    ['the trail was rolled back to a backup', () => swapIn('before', 'slot-0.jsonl')],
    ['the trail was emptied', () => writeFileSync(join(dir, 'slot-0.jsonl'), '')],
    ['the key is missing', () => rmSync(join(dir, 'slot-0.key'))],
    ['the key is not whole', () => writeFileSync(join(dir, 'slot-0.key'), '{"v":1,"epoch":2}')],
    ['the key is of another slot', () => swapIn('other', 'slot-0.key')],
    ['the key of the log was exchanged', () => swapIn('other', 'log.key')],
    ['the last checkpoint says something else', () => edit('"epoch":2', '"epoch":3')],
  ] as const)
    test(`refuses when ${because}`, async () => {
      await write(3)
      renameSync(dir, join(base, 'other'))
      await write(4)
      copyTo('before')
      await write(14)
      tamper()
      await assert.rejects(open(), { name: 'RangeError', message: /damaged|is not the public half/ })
    })
})

const edit = (from: string, to: string) => {
  const path = join(dir, 'slot-0.jsonl')
  writeFileSync(path, readFileSync(path, 'latin1').replace(from, to))
}
