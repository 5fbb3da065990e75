// Proves that labels in a directory are those of memory, shared between processes, and never lost by halves.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { CLEAN, type Label, labelText, memoryTaint } from '@hardened-mcp/security-core'
import { fakeClock } from '@hardened-mcp/testkit'
import fc from 'fast-check'
import { carriersIn, clearCarrier, directoryTaint } from './directory-taint.ts'

const PRIVATE: Label = { integrity: 'trusted', secrecy: 'private' }
const UNTRUSTED: Label = { integrity: 'untrusted', secrecy: 'public' }
const AGENT = { tenant: 'acme', id: 'agent-1' }
const WINDOW_MS = 64_000

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'labels-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const open = (now: () => number = Date.now) => directoryTaint({ dir, windowMs: WINDOW_MS, now })

suite('directoryTaint()', () => {
  test('what one server joins, another sees at once', async () => {
    await open().join(AGENT, PRIVATE)
    const other = open()
    assert.equal(labelText(await other.read(AGENT)), 'private')
    assert.equal(labelText(await other.join(AGENT, UNTRUSTED)), 'private,untrusted')
    assert.deepEqual(await other.read({ ...AGENT, id: 'agent-2' }), CLEAN)
    assert.deepEqual(await other.read({ ...AGENT, tenant: 'globex' }), CLEAN)
  })

  test('says what memory says, whatever is joined and however time goes on', async () => {
    const steps = fc.array(
      fc.record({
        label: fc.constantFrom(CLEAN, PRIVATE, UNTRUSTED),
        id: fc.constantFrom('a', 'b'),
        passMs: fc.constantFrom(1_000, 30_000, 70_000), // coarser than the part of a window in which a flag is not touched again
      }),
      { maxLength: 12 },
    )
    await fc.assert(
      fc.asyncProperty(steps, async (played) => {
        rmSync(dir, { recursive: true, force: true })
        dir = mkdtempSync(join(tmpdir(), 'labels-'))
        const clock = fakeClock()
        const both = [open(clock.now), memoryTaint({ windowMs: WINDOW_MS, now: clock.now })] as const
        for (const { label, id, passMs } of played) {
          clock.advance(passMs)
          const [file, memory] = await Promise.all(both.map((store) => store.join({ ...AGENT, id }, label)))
          assert.deepEqual(file, memory)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('a flag is touched again in time, and one from a clock that was ahead still stands', async () => {
    const clock = fakeClock()
    const store = open(clock.now)
    await store.join(AGENT, PRIVATE)
    clock.advance(WINDOW_MS - 1)
    await store.join(AGENT, PRIVATE)
    clock.advance(WINDOW_MS - 1)
    assert.equal(labelText(await store.read(AGENT)), 'private')
    clock.advance(-10 * WINDOW_MS)
    assert.equal(labelText(await store.read(AGENT)), 'private')
  })

  test('processes that join at the same time all find both labels', async () => {
    const script = `
      import { directoryTaint } from ${JSON.stringify(new URL('directory-taint.ts', import.meta.url).href)}
      const store = directoryTaint({ dir: process.argv[1], windowMs: 60000, now: Date.now })
      const label = process.argv[2] === '0' ? { integrity: 'trusted', secrecy: 'private' } : { integrity: 'untrusted', secrecy: 'public' }
      for (let i = 0; i < 50; i++) await store.join({ tenant: 'acme', id: 'agent-' + i }, label)`
    const codes = await Promise.all(
      [0, 1, 2, 3].map(
        (i) =>
          new Promise((resolve) =>
            spawn(process.execPath, ['--input-type=module-typescript', '-e', script, dir, String(i % 2)], {
              stdio: 'inherit',
            }).on('exit', resolve),
          ),
      ),
    )
    assert.deepEqual(codes, [0, 0, 0, 0])
    const store = open()
    for (let i = 0; i < 50; i++)
      assert.equal(labelText(await store.read({ ...AGENT, id: `agent-${i}` })), 'private,untrusted')
  })

  test('a directory that goes away, or a flag that cannot be written, stops the call', async () => {
    const store = open()
    const [name = ''] = (await store.join(AGENT, PRIVATE), readdirSync(dir))
    rmSync(join(dir, name))
    writeFileSync(join(dir, 'else'), '')
    utimesSync(join(dir, 'else'), 0, 0)
    symlinkSync(join(dir, 'else'), join(dir, name)) // written through, it would change another's file
    await assert.rejects(store.join(AGENT, PRIVATE), { code: 'ELOOP' })
    rmSync(dir, { recursive: true })
    await assert.rejects(store.join(AGENT, PRIVATE), { code: 'ENOENT' })
    await assert.rejects(store.read(AGENT), { code: 'ENOENT' }) // else what was read before could be sent now
  })

  test('a directory that others can write to, or that is none, is refused at the start', () => {
    chmodSync(dir, 0o770)
    assert.throws(() => open(), /closed to others: chmod 700/)
    chmodSync(dir, 0o700)
    open()
    writeFileSync(join(dir, 'file'), '')
    for (const path of [join(dir, 'none'), join(dir, 'file')])
      assert.throws(() => directoryTaint({ dir: path, windowMs: 1, now: Date.now }), /must be a directory/)
  })

  test('the operator sees who carries what, and clears one caller', async () => {
    const clock = fakeClock()
    const store = open(clock.now)
    await store.join(AGENT, PRIVATE)
    await store.join({ ...AGENT, id: '../"\n' }, UNTRUSTED)
    writeFileSync(join(dir, 'README'), 'not ours')
    assert.deepEqual(
      carriersIn(dir).toSorted((a, b) => a.id.localeCompare(b.id)),
      [
        { tenant: 'acme', id: '../"\n', flag: 'untrusted', at: clock.now() },
        { tenant: 'acme', id: 'agent-1', flag: 'private', at: clock.now() },
      ],
    )
    clearCarrier(dir, AGENT)
    assert.deepEqual(await store.read(AGENT), CLEAN)
    assert.equal(labelText(await store.read({ ...AGENT, id: '../"\n' })), 'untrusted')
  })
})
