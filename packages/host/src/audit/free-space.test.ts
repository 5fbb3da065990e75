// The reserve of free space: where it begins, whom it stops, and how it ends.
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { suite, test } from 'node:test'
import type { AuditEvent } from '@hardened-mcp/security-core'
import { freeSpace, RESERVE_BYTES } from './free-space.ts'

const MIB = 1024 * 1024
const BLOCK = 4096
/** A volume of so many MiB, of which `free()` are left. */
const volume = (mib: number, free: () => number) => () =>
  Promise.resolve({ blocks: (mib * MIB) / BLOCK, bavail: (free() * MIB) / BLOCK, bsize: BLOCK })
const REQUEST: AuditEvent = { type: 'tool_call.request' }

suite('freeSpace()', () => {
  const cases: readonly [what: string, mib: number, free: number, low: boolean][] = [
    ['a large disk at the reserve', 100_000, 64, false],
    ['a large disk a block below it', 100_000, 64 - BLOCK / MIB, true],
    ['a large disk that is full', 100_000, 0, true],
    ['a small volume at a twentieth', 100, 5, false],
    ['a small volume below a twentieth', 100, 5 - BLOCK / MIB, true],
    ['a file system that does not say', 0, 0, false],
  ]
  for (const [what, mib, free, low] of cases)
    test(`${what}: ${low ? 'no call is begun' : 'calls are taken'}`, async () => {
      const space = await freeSpace({ dir: '/', onChange: () => undefined, look: volume(mib, () => free) })
      assert.equal(space.low(), low)
      assert.equal(space.refuses(REQUEST), low)
      space.close()
    })

  test('below the reserve what is under way is still recorded; what says that nothing was begun is not', async () => {
    const space = await freeSpace({ dir: '/', onChange: () => undefined, look: volume(1_000, () => 1) })
    const taken: readonly [event: AuditEvent, refused: boolean][] = [
      [REQUEST, true],
      [{ type: 'tool_call.error', rule: 'audit_unavailable' }, true],
      [{ type: 'tool_call.success' }, false],
      [{ type: 'tool_call.denied', rule: 'path_denied' }, false],
      [{ type: 'tool_call.error', rule: 'timeout' }, false],
      [{ type: 'alert.raised', rule: 'audit_disk_low' }, false],
      [{ type: 'checkpoint' }, false],
    ]
    for (const [event, refused] of taken) assert.equal(space.refuses(event), refused, `${event.type} ${event.rule}`)
    space.close()
  })

  test('follows the disk, and tells of each change once', async () => {
    let free = 500
    const told: boolean[] = []
    const space = await freeSpace({
      ...{ dir: '/', lookMs: 5, look: volume(10_000, () => free) },
      onChange: (low) => void told.push(low),
    })
    const until = async (low: boolean) => {
      for (let waited = 0; space.low() !== low; waited += 1) {
        assert.ok(waited < 2_000)
        await new Promise((turn) => setTimeout(turn, 5))
      }
    }
    for (const [mib, low] of [
      [1, true],
      [63, true],
      [500, false],
      [2, true],
      [900, false],
    ] as const) {
      free = mib
      await until(low)
      assert.equal(space.bytes() === undefined, false)
    }
    assert.deepEqual(told, [true, false, true, false])
    space.close()
  })

  test('a disk that cannot be asked has no reserve', async () => {
    const space = await freeSpace({ dir: '/', onChange: () => undefined, look: () => Promise.reject(new Error('EIO')) })
    assert.deepEqual([space.low(), space.bytes()], [false, undefined])
    space.close()
  })

  test('asks the real file system', async () => {
    const space = await freeSpace({ dir: tmpdir(), onChange: () => undefined })
    assert.ok((space.bytes() ?? 0) > 0)
    assert.equal(RESERVE_BYTES, 64 * MIB)
    space.close()
  })
})
