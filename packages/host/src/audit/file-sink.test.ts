// Proves on real files: a trail goes on after a restart, instances keep apart, a changed file or a full disk refuses.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import type { AuditEvent } from '@hardened-mcp/security-core'
import { openAuditSink } from './file-sink.ts'
import { until } from './fixture/until.ts'
import { verifyDirectory } from './verify/verify-directory.ts'

let base: string
let dir: string
beforeEach(() => {
  base = mkdtempSync(join(realpathSync(tmpdir()), 'sink-'))
  dir = join(base, 'audit')
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

const EVENT: AuditEvent = { type: 'tool_call.request' }
const openTrail = (at = dir) => openAuditSink({ dir: at, server: 'test', now: Date.now })
const records = (path: string) =>
  readFileSync(path, 'latin1')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditEvent & { seq: number })
    .filter(({ type }) => type !== 'checkpoint')

function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return undefined // closed meanwhile
  }
}

suite('openAuditSink()', () => {
  test('writes what it acknowledged, and goes on in the same chain after a restart', async () => {
    const first = await openTrail()
    assert.equal(first.path, join(dir, 'slot-0.jsonl'))
    await first.sink({ ...EVENT, call_id: 'a' })
    const hash = first.fingerprint('acme', { id: 1 })
    await first.close()
    const second = await openTrail()
    await second.sink({ ...EVENT, call_id: 'b' })
    assert.equal(second.fingerprint('acme', { id: 1 }), hash)
    await second.close()
    assert.deepEqual(
      records(first.path).map(({ seq, call_id, server }) => [seq, call_id, server]),
      [
        [1, 'a', 'test'], // 0 is the first checkpoint, 2 the one at the end of the first process
        [3, 'b', 'test'],
      ],
    )
    assert.equal((await verifyDirectory(dir)).exitCode, 0)
    assert.equal(statSync(first.path).mode & 0o777, 0o600)
    assert.equal(statSync(dir).mode & 0o777, 0o700)
  })

  test('names its last durable record, which verifies as an anchor', async () => {
    const { sink, head, close } = await openTrail()
    assert.equal(head()?.seq, 0, 'the first checkpoint')
    await Promise.all(Array.from({ length: 9 }, () => sink(EVENT)))
    const anchor = head()
    assert.ok(anchor)
    assert.deepEqual([anchor.slot, anchor.seq], [0, 9])
    await sink(EVENT)
    await close()
    const { exitCode, slots } = await verifyDirectory(dir, { anchors: [anchor] })
    assert.deepEqual([exitCode, slots.map((slot) => 'end' in slot && slot.end)], [0, [{ anchoredUpTo: 9 }]])
  })

  test('asks the kernel for durable appends', { skip: process.platform !== 'linux' }, async () => {
    const trail = await openTrail()
    const [open] = readdirSync('/proc/self/fd').filter((fd) => linkOf(fd) === trail.path)
    const [, flags = ''] = /flags:\s*([0-7]+)/.exec(readFileSync(`/proc/self/fdinfo/${open}`, 'utf8')) ?? []
    const { O_DSYNC, O_APPEND, O_NOFOLLOW } = constants
    for (const flag of [O_DSYNC, O_APPEND, O_NOFOLLOW]) assert.equal(Number.parseInt(flags, 8) & flag, flag)
    await trail.close()
  })

  test('of instances on one directory each has its own trail; a free slot is taken again', async () => {
    const all = [await openTrail(), await openTrail(), await openTrail()]
    assert.deepEqual(
      all.map(({ path }) => path),
      [0, 1, 2].map((slot) => join(dir, `slot-${slot}.jsonl`)),
    )
    await all[1]?.close()
    const again = await openTrail()
    assert.equal(again.path, all[1]?.path)
    for (const trail of [all[0], again, all[2]]) await trail?.close()
  })

  test('a torn record is moved aside, recorded, and the chain goes on', async () => {
    const first = await openTrail()
    await first.sink({ ...EVENT, call_id: 'a' })
    await first.close()
    appendFileSync(first.path, '{"v":1,"seq":1,"ts":"20')
    const second = await openTrail()
    await second.sink({ ...EVENT, call_id: 'b' })
    await second.close()
    const [torn] = readdirSync(dir).filter((name) => name.endsWith('.torn'))
    assert.equal(readFileSync(join(dir, String(torn)), 'utf8'), '{"v":1,"seq":1,"ts":"20')
    assert.deepEqual(
      records(first.path).map(({ type, rule, err, call_id }) => call_id ?? [type, rule, err]),
      ['a', ['alert.raised', 'audit_torn_record', `23 bytes of an unfinished record were moved to ${torn}`], 'b'],
    )
    assert.equal((await verifyDirectory(dir)).exitCode, 0)
  })

  test('a damaged trail stops the start, and lets go of the slot', async () => {
    const first = await openTrail()
    await first.sink(EVENT)
    await first.close()
    const before = readFileSync(first.path)
    appendFileSync(first.path, 'INFO started\n')
    await assert.rejects(openTrail(), { name: 'RangeError', message: /damaged at its end/ })
    writeFileSync(first.path, before)
    const again = await openTrail()
    assert.equal(again.path, first.path)
    await again.close()
  })

  test('a directory, key or trail that others can read stops the start', async () => {
    const trail = await openTrail()
    await trail.close()
    for (const [path, loose, strict] of [
      [dir, 0o750, 0o700],
      [join(dir, 'hmac.key'), 0o640, 0o600],
      [trail.path, 0o604, 0o600],
    ] as const) {
      chmodSync(path, loose)
      await assert.rejects(openTrail(), { name: 'RangeError', message: /must have mode/ })
      chmodSync(path, strict)
    }
    await (await openTrail()).close()
  })

  for (const [because, change] of [
    ['somebody else appends to it', (path: string) => appendFileSync(path, 'theirs\n')],
    ['it is cut', (path: string) => truncateSync(path, 10)],
    ['it is emptied, as logrotate does with copytruncate', (path: string) => truncateSync(path, 0)],
    ['it is moved away, as logrotate does', (path: string) => renameSync(path, `${path}.1`)],
    ['it is deleted', (path: string) => unlinkSync(path)],
    [
      'it is replaced by a copy',
      (path: string) => {
        writeFileSync(`${path}.new`, readFileSync(path), { mode: 0o600 })
        renameSync(`${path}.new`, path)
      },
    ],
  ] as const)
    test(`refuses when ${because}`, async () => {
      const { sink, path, healthy, close } = await openTrail()
      await sink(EVENT)
      change(path)
      await assert.rejects(sink(EVENT))
      assert.equal(healthy(), false)
      await assert.rejects(sink(EVENT), /changed by somebody else/)
      await close()
    })

  test('a limit of the kernel cuts a write in half: refused, taken back, and the chain goes on when there is room', {
    skip: process.platform !== 'linux',
  }, async () => {
    const ignore = () => undefined
    process.on('SIGXFSZ', ignore)
    const limit = (bytes: string) => execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`])
    const { sink, path, healthy, close } = await openTrail()
    await sink({ ...EVENT, call_id: 'before' })
    const size = statSync(path).size
    limit(String(size + 100))
    try {
      const asked = await Promise.allSettled([sink(EVENT), sink(EVENT)])
      assert.deepEqual(
        asked.map(({ status }) => status),
        ['rejected', 'rejected'],
      )
      assert.equal(statSync(path).size, size + 100, 'the kernel did take a part')
    } finally {
      limit('unlimited')
      process.off('SIGXFSZ', ignore)
    }
    await until(healthy)
    await sink({ ...EVENT, call_id: 'after' })
    await close()
    assert.deepEqual(
      records(path).map(({ call_id, rule }) => call_id ?? rule),
      ['before', 'audit_interrupted', 'after'],
    )
    assert.equal((await verifyDirectory(dir)).exitCode, 0)
  })

  // A real file system that is full. Mounting one takes root; the two tests with a limit and /dev/full need none.
  if (process.platform === 'linux' && process.geteuid?.() === 0)
    test('a full file system refuses, and the trail goes on when there is room again', async () => {
      mkdirSync(dir, { mode: 0o700 })
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'tmpfs', dir])
      try {
        const { sink, path, healthy, close } = await openTrail()
        writeFileSync(join(dir, 'ballast'), Buffer.alloc(40 * 1024))
        let taken = 0
        await assert.rejects(async () => {
          for (;;) {
            await Promise.all(Array.from({ length: 7 }, () => sink({ ...EVENT, err: 'x'.repeat(250) })))
            taken += 7
          }
        })
        assert.equal(healthy(), false)
        assert.ok(taken >= 7)
        unlinkSync(join(dir, 'ballast'))
        await until(healthy)
        await sink({ ...EVENT, call_id: 'after' })
        await close()
        assert.equal(records(path).at(-1)?.call_id, 'after')
        assert.ok(records(path).length >= taken + 2)
        assert.equal((await verifyDirectory(dir)).exitCode, 0)
      } finally {
        execFileSync('umount', ['--lazy', dir]) // also when a failed assertion left the file open
      }
    })
})
