// Proves which exit code a directory of trails gets, with and without anchors.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { openAuditSink } from '../file-sink.ts'
import { type SlotAnchor, verifyDirectory } from './verify-directory.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'verify-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Three instances at once, five records each. */
async function threeTrails(): Promise<void> {
  const trails = [await openTrail(), await openTrail(), await openTrail()]
  for (const trail of trails)
    for (let index = 0; index < 5; index += 1) await trail.sink({ type: 'auth.success', caller: `agent-${index}` })
  for (const trail of trails) await trail.close()
}
const openTrail = () => openAuditSink({ dir, server: 'test', now: Date.now })

const file = (slot: number) => join(dir, `slot-${slot}.jsonl`)
const edit = (slot: number, from: string, to: string) =>
  writeFileSync(file(slot), readFileSync(file(slot), 'utf8').replace(from, to))
const short = ({ exitCode, slots }: Awaited<ReturnType<typeof verifyDirectory>>) => [
  exitCode,
  ...slots.map(({ verdict }) => verdict),
]

async function heads(): Promise<SlotAnchor[]> {
  const { slots } = await verifyDirectory(dir)
  return slots.flatMap((slot) => ('head' in slot && slot.head ? [{ slot: slot.slot, ...slot.head }] : []))
}

suite('verifyDirectory()', () => {
  test('0: all trails hold, up to the key that each slot keeps', async () => {
    await threeTrails()
    const result = await verifyDirectory(dir)
    assert.deepEqual(short(result), [0, 'pass', 'pass', 'pass'])
    assert.deepEqual(
      result.slots.map((slot) => 'records' in slot && [slot.slot, slot.file, slot.records, slot.end]),
      [
        [0, 'slot-0.jsonl', 7, { liveKeyUpTo: 6 }],
        [1, 'slot-1.jsonl', 7, { liveKeyUpTo: 6 }],
        [2, 'slot-2.jsonl', 7, { liveKeyUpTo: 6 }],
      ],
    )
  })

  test('0: all trails hold up to their anchors', async () => {
    await threeTrails()
    const result = await verifyDirectory(dir, { anchors: await heads() })
    assert.deepEqual(short(result), [0, 'pass', 'pass', 'pass'])
    assert.deepEqual(
      result.slots.map((slot) => 'end' in slot && slot.end),
      Array.from({ length: 3 }, () => ({ anchoredUpTo: 6 })),
    )
  })

  test('3: an anchor was asked for, and one trail has none', async () => {
    await threeTrails()
    const anchors = (await heads()).filter(({ slot }) => slot !== 1)
    assert.deepEqual(short(await verifyDirectory(dir, { anchors })), [3, 'pass', 'pass', 'pass'])
    assert.equal((await verifyDirectory(dir, { anchors: [] })).exitCode, 3)
  })

  test('1: one trail was edited', async () => {
    await threeTrails()
    edit(1, 'agent-2', 'agent-9')
    const result = await verifyDirectory(dir)
    assert.deepEqual(short(result), [1, 'pass', 'fail', 'pass'])
    assert.equal('badSeq' in result.slots[1]! && result.slots[1].badSeq, 4)
  })

  test('1: a trail in the middle was removed', async () => {
    await threeTrails()
    rmSync(file(1))
    assert.deepEqual(short(await verifyDirectory(dir)), [1, 'pass', 'fail', 'pass'])
  })

  test('the end cut off shows at the key of the slot; a last trail removed with its key only against an anchor', async () => {
    await threeTrails()
    const anchors = await heads()
    const text = readFileSync(file(0), 'utf8')
    truncateSync(file(0), text.lastIndexOf('\n', text.length - 2) + 1)
    assert.deepEqual(short(await verifyDirectory(dir)), [1, 'fail', 'pass', 'pass'])
    rmSync(join(dir, 'slot-0.key'))
    assert.deepEqual(short(await verifyDirectory(dir)), [3, 'pass', 'pass', 'pass'])
    rmSync(file(2))
    assert.deepEqual(short(await verifyDirectory(dir)), [1, 'pass', 'pass', 'fail'])
    rmSync(join(dir, 'slot-2.key'))
    assert.deepEqual(short(await verifyDirectory(dir)), [3, 'pass', 'pass'])
    assert.deepEqual(short(await verifyDirectory(dir, { anchors })), [1, 'fail', 'pass', 'fail'])
  })

  test('1: trails were swapped: the log key signed each for its slot', async () => {
    await threeTrails()
    const anchors = await heads()
    const [zero, one] = [readFileSync(file(0)), readFileSync(file(1))]
    writeFileSync(file(0), one)
    writeFileSync(file(1), zero)
    assert.deepEqual(short(await verifyDirectory(dir)), [1, 'fail', 'fail', 'pass'])
    assert.deepEqual(short(await verifyDirectory(dir, { anchors })), [1, 'fail', 'fail', 'pass'])
  })

  test('0: a torn last record is reported and is no fault', async () => {
    await threeTrails()
    appendFileSync(file(0), readFileSync(file(0), 'utf8').slice(0, 130))
    const { exitCode, slots } = await verifyDirectory(dir)
    assert.equal(exitCode, 0)
    assert.ok('tornBytes' in slots[0]! && slots[0].tornBytes > 100)
  })

  test('reads trails that are longer than one piece', async () => {
    const trail = await openTrail()
    await Promise.all(Array.from({ length: 4_000 }, () => trail.sink({ type: 'auth.failure', err: 'é'.repeat(80) })))
    await trail.close()
    assert.ok(readFileSync(trail.path).length > 2 * 1024 * 1024)
    const { exitCode, slots } = await verifyDirectory(dir)
    assert.deepEqual([exitCode, 'records' in slots[0]! && slots[0].records > 4_000], [0, true])
  })

  test('0: a file that is put aside between listing and opening is no forgery', async (t) => {
    const limits = { segmentBytes: 2_000 }
    const trail = await openAuditSink({ dir, server: 'test', now: Date.now, limits })
    const names = () => readdirSync(dir).filter((name) => /^slot-0\.\d+\.jsonl$/.test(name))
    while (names().length < 2) await trail.sink({ type: 'auth.success', caller: 'agent' })
    await trail.close()
    // As it was a moment before: what was put aside last is still the file that is written.
    const [last = ''] = names().toSorted((one, other) => Number(other.split('.')[1]) - Number(one.split('.')[1]))
    const newest = readFileSync(file(0))
    renameSync(join(dir, last), file(0))
    const someFile = await open(file(0))
    const handles = Object.getPrototypeOf(someFile) as FileHandle
    await someFile.close()
    const stat = handles.stat
    const first = statSync(join(dir, 'slot-0.0.jsonl')).ino // opened when the files have been listed
    let turned = 0
    t.mock.method(handles, 'stat', function (this: FileHandle) {
      if (fstatSync(this.fd).ino === first && turned++ === 0) {
        renameSync(file(0), join(dir, last))
        writeFileSync(file(0), newest)
      }
      return Reflect.apply(stat, this, [])
    })
    assert.deepEqual(short(await verifyDirectory(dir)), [0, 'pass'])
    assert.equal(turned, 2, 'it was listed and opened again')
  })

  for (const [because, prepare] of [
    ['the directory is missing', () => rmSync(dir, { recursive: true })],
    ['it holds no trail', () => writeFileSync(join(dir, 'notes.txt'), 'x')],
    ['a trail is a directory', () => mkdirSync(file(0))],
    ['a trail is a FIFO', () => execFileSync('mkfifo', [file(0)])],
    ['a trail is a symbolic link', () => symlinkSync('/etc/hostname', file(0))],
  ] as const)
    test(`2: ${because}`, async () => {
      prepare()
      assert.deepEqual(short(await verifyDirectory(dir)), [2, 'error'])
    })

  test('1 comes before 2: one trail was altered, another cannot be read', async () => {
    await threeTrails()
    edit(0, 'agent-2', 'agent-9')
    rmSync(file(1))
    mkdirSync(file(1))
    assert.deepEqual(short(await verifyDirectory(dir)), [1, 'fail', 'error', 'pass'])
  })
})
