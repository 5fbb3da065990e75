// Proves that a trail that was split into files is one trail: over restarts, crashes, and against files that go missing.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { openAuditSink } from './file-sink.ts'
import { segmentsIn } from './segments.ts'
import { verifyDirectory } from './verify/verify-directory.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(realpathSync(tmpdir()), 'segments-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const openTrail = () =>
  openAuditSink({ dir, server: 'test', now: Date.now, limits: { segmentBytes: 1_000, retryMs: 20 } })

/** Writes one record after the other, so that each of them may start a file. */
async function write(count: number) {
  const trail = await openTrail()
  for (let index = 0; index < count; index += 1) await trail.sink({ type: 'auth.success', caller: `agent-${index}` })
  await trail.close()
}

const names = async (slot = 0) => (await segmentsIn(dir)).get(slot) ?? []
const linesOf = (name: string) => readFileSync(join(dir, name), 'latin1').split('\n').slice(0, -1)
const seqs = (name: string) => linesOf(name).map((line) => (JSON.parse(line) as { seq: number }).seq)

/** Counts what was written; checkpoints come on top. */
async function verdict() {
  let records = 0
  const onLine = (line: string) => {
    if (!line.includes('"type":"checkpoint"')) records += 1
  }
  const { exitCode, slots } = await verifyDirectory(dir, { onLine })
  const [slot] = slots
  assert.ok(slot)
  return {
    exitCode,
    records,
    reason: 'reason' in slot ? slot.reason : undefined,
  }
}

/** Uses up all descriptors but one: the old file can be looked at, the new one cannot be made durable. */
function leaveOneDescriptor(): () => void {
  const limit = (count: string) => execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${count}:`])
  const usual = Number(/Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1])
  limit(String(readdirSync('/proc/self/fd').length + 20))
  const held: number[] = []
  try {
    for (;;) held.push(openSync('/dev/null', 'r'))
  } catch {
    closeSync(held.pop() as number)
  }
  return () => {
    for (const descriptor of held) closeSync(descriptor)
    limit(String(usual))
  }
}

suite('a trail in segments', () => {
  test('starts a file when the one before is full, and loses nothing between them', async () => {
    await write(30)
    const files = await names()
    assert.ok(files.length >= 5, files.join())
    assert.equal(files.at(-1), 'slot-0.jsonl')
    const all = files.flatMap(seqs)
    assert.deepEqual(
      all,
      Array.from({ length: all.length }, (_, index) => index),
    )
    for (const file of files.slice(0, -1)) {
      assert.equal(file, `slot-0.${seqs(file)[0]}.jsonl`)
      assert.ok(statSync(join(dir, file)).size < 2_600)
      assert.equal(statSync(join(dir, file)).mode & 0o777, 0o600)
    }
    assert.deepEqual(await verdict(), { exitCode: 0, records: 30, reason: undefined })
  })

  test('goes on over restarts, wherever in a file they fall', async () => {
    for (let round = 0; round < 14; round += 1) await write(1 + (round % 3))
    assert.ok((await names()).length >= 4)
    assert.deepEqual(await verdict(), { exitCode: 0, records: 27, reason: undefined })
  })

  test('goes on after a crash between putting a file aside and making the next', async () => {
    await write(8)
    const [first] = seqs('slot-0.jsonl')
    renameSync(join(dir, 'slot-0.jsonl'), join(dir, `slot-0.${first}.jsonl`))
    assert.deepEqual(await verdict(), { exitCode: 0, records: 8, reason: undefined })
    await write(3)
    assert.deepEqual(await verdict(), { exitCode: 0, records: 11, reason: undefined })
  })

  test('goes on after a crash right after the next file was made', async () => {
    await write(8)
    const [first] = seqs('slot-0.jsonl')
    renameSync(join(dir, 'slot-0.jsonl'), join(dir, `slot-0.${first}.jsonl`))
    writeFileSync(join(dir, 'slot-0.jsonl'), '', { mode: 0o600 })
    await write(3)
    assert.deepEqual(await verdict(), { exitCode: 0, records: 11, reason: undefined })
  })

  test('a torn first record of a new file is moved aside', async () => {
    await write(8)
    const [first] = seqs('slot-0.jsonl')
    renameSync(join(dir, 'slot-0.jsonl'), join(dir, `slot-0.${first}.jsonl`))
    writeFileSync(join(dir, 'slot-0.jsonl'), '{"v":1,"se', { mode: 0o600 })
    await write(3)
    assert.deepEqual(await verdict(), { exitCode: 0, records: 12, reason: undefined })
  })

  test('goes on in the full file when the name for it is taken, and splits later', async () => {
    const trail = await openTrail()
    for (let index = 0; index < 4; index += 1) await trail.sink({ type: 'auth.success' })
    const taken = join(dir, `slot-0.${seqs('slot-0.jsonl')[0]}.jsonl`)
    writeFileSync(taken, 'theirs')
    for (let index = 0; index < 20; index += 1) await trail.sink({ type: 'auth.success' })
    assert.ok(statSync(trail.path).size > 3_000)
    assert.equal(readFileSync(taken, 'utf8'), 'theirs')
    rmSync(taken)
    for (let index = 0; index < 2; index += 1) await trail.sink({ type: 'auth.success' })
    await trail.close()
    assert.ok(statSync(trail.path).size < 2_600)
    assert.deepEqual(await verdict(), { exitCode: 0, records: 26, reason: undefined })
  })

  test('goes on in the full file when no other can be opened', { skip: process.platform !== 'linux' }, async () => {
    const trail = await openTrail()
    await trail.sink({ type: 'auth.success', err: 'x'.repeat(250) })
    await trail.sink({ type: 'auth.success', err: 'x'.repeat(250) })
    const before = statSync(trail.path)
    const free = leaveOneDescriptor()
    try {
      for (let index = 0; index < 20; index += 1) await trail.sink({ type: 'auth.success' })
      assert.equal(statSync(trail.path).ino, before.ino)
    } finally {
      free()
    }
    for (let index = 0; index < 20; index += 1) await trail.sink({ type: 'auth.success' })
    assert.notEqual(statSync(trail.path).ino, before.ino)
    await trail.close()
    assert.deepEqual(await verdict(), { exitCode: 0, records: 42, reason: undefined })
  })

  test('reads files in the order of their records, not of their names', async () => {
    await write(60)
    const firsts = (await names()).slice(0, -1).map((name) => Number(name.split('.')[1]))
    assert.ok(firsts.includes(0) && firsts.some((first) => first >= 10))
    assert.deepEqual(
      firsts,
      firsts.toSorted((one, other) => one - other),
    )
    assert.equal((await verdict()).records, 60)
    for (const name of (await names()).slice(0, -1)) assert.match(linesOf(name).at(-1) ?? '', /"type":"checkpoint"/)
  })

  for (const [because, tamper, reason] of [
    [
      'the first file is gone',
      (files: readonly string[]) => rmSync(join(dir, String(files[0]))),
      /Record 0 is missing/,
    ],
    [
      'a file in the middle is gone',
      (files: readonly string[]) => rmSync(join(dir, String(files[2]))),
      /is missing: number/,
    ],
    [
      'two files are swapped',
      (files: readonly string[]) => {
        const [one, other] = [String(files[1]), String(files[2])].map((name) => join(dir, name)) as [string, string]
        renameSync(one, `${one}.tmp`)
        renameSync(other, one)
        renameSync(`${one}.tmp`, other)
      },
      /is missing: number/,
    ],
    [
      'a file stands there twice',
      (files: readonly string[]) => copyFileSync(join(dir, String(files[1])), join(dir, 'slot-0.999.jsonl')),
      /stands again/,
    ],
    [
      'a file is cut at its end',
      (files: readonly string[]) =>
        writeFileSync(join(dir, String(files[1])), `${linesOf(String(files[1])).slice(0, -1).join('\n')}\n`),
      /is missing: number/,
    ],
    [
      'a file is torn at its end',
      (files: readonly string[]) =>
        writeFileSync(join(dir, String(files[1])), readFileSync(join(dir, String(files[1]))).subarray(0, -20)),
      /not JSON/,
    ],
    [
      'a record in an older file is edited',
      (files: readonly string[]) => {
        const path = join(dir, String(files[1]))
        writeFileSync(path, readFileSync(path, 'latin1').replace('agent', 'tiger'))
      },
      /Does not continue/,
    ],
  ] as const)
    test(`fails: ${because}`, async () => {
      await write(20)
      tamper(await names())
      const { exitCode, reason: found } = await verdict()
      assert.equal(exitCode, 1)
      assert.match(String(found), reason)
    })

  test('does not start on a last segment that is damaged', async () => {
    await write(8)
    const aside = String((await names()).at(-2))
    rmSync(join(dir, 'slot-0.jsonl'))
    writeFileSync(join(dir, aside), `${linesOf(aside).join('\n')}\nINFO\n`)
    await assert.rejects(openTrail(), { name: 'RangeError', message: /damaged/ })
  })
})
