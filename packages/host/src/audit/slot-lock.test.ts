// Proves that a slot has one holder at a time, and is free when the holder lets go or dies.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { lockByPath, lockSlot } from './slot-lock.ts'

const dir = mkdtempSync(join(tmpdir(), 'lock-'))
after(() => rmSync(dir, { recursive: true, force: true }))
const key = Buffer.alloc(32, process.pid) // its own names: other runs of this test may be under way

const HOLDER = `
  import { lockByPath, lockSlot } from ${JSON.stringify(new URL('slot-lock.ts', import.meta.url).href)}
  const [kind, dir, key] = process.argv.slice(1)
  const lock = kind === 'path' ? await lockByPath(dir + '/slot-0.lock') : await lockSlot({ dir, slot: 0, key: Buffer.from(key, 'hex') })
  console.log(lock === undefined ? 'taken' : 'held')
  setInterval(() => {}, 1000)`

async function holder(kind: 'path' | 'abstract') {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, kind, dir, key.toString('hex')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, answer: line.toString().trim() }
}

async function killed({ child }: Awaited<ReturnType<typeof holder>>) {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

for (const [kind, lock] of [
  ['abstract', () => lockSlot({ dir, slot: 0, key })],
  ['path', () => lockByPath(join(dir, 'slot-0.lock'))],
] as const)
  suite(`a slot lock (${kind})`, () => {
    test('has one holder in a process, and is free again after release', async () => {
      const first = await lock()
      assert.ok(first)
      assert.equal(await lock(), undefined)
      await first.release()
      const second = await lock()
      assert.ok(second)
      await second.release()
    })

    test('of ten that try at once one succeeds', async () => {
      const held = (await Promise.all(Array.from({ length: 10 }, lock))).filter((one) => one !== undefined)
      assert.equal(held.length, 1)
      await held[0]?.release()
    })

    test('keeps other processes out, and is free at once when the holder is killed', async () => {
      const one = await holder(kind)
      assert.equal(one.answer, 'held')
      assert.equal(await lock(), undefined)
      const other = await holder(kind)
      assert.equal(other.answer, 'taken')
      await killed(one)
      const mine = await lock()
      assert.ok(mine)
      await mine.release()
      await killed(other)
    })
  })

suite('lockSlot()', () => {
  test('holds slots of a directory, and directories, apart', async () => {
    const locks = await Promise.all([
      lockSlot({ dir, slot: 0, key }),
      lockSlot({ dir, slot: 1, key }),
      lockSlot({ dir, slot: 0, key: Buffer.alloc(32, process.pid + 1) }),
    ])
    for (const lock of locks) assert.ok(lock)
    for (const lock of locks) await lock?.release()
  })

  test('leaves nothing behind in the directory on Linux', { skip: process.platform !== 'linux' }, async () => {
    const lock = await lockSlot({ dir, slot: 5, key })
    assert.equal(existsSync(join(dir, 'slot-5.lock')), false)
    await lock?.release()
  })
})
