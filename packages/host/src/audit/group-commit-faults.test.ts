// Proves, over random sequences of writes and disk faults: what was acknowledged is in the trail, and the chain holds.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type AuditEvent, GENESIS } from '@hardened-mcp/security-core'
import { trailVerifier } from '@hardened-mcp/security-core/verify'
import fc from 'fast-check'
import { type FaultyFile, faultyFile, IO_ERROR } from './fixture/faulty-file.ts'
import { groupCommit } from './group-commit.ts'

const START = { seq: 0, prev: GENESIS, length: 0 }
const EVENT: AuditEvent = { type: 'tool_call.request' }
const idsIn = (file: FaultyFile) =>
  file
    .text()
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as AuditEvent).call_id)

suite('groupCommit() on a failing disk', () => {
  test('whatever the disk does, every acknowledged record is in the trail and the chain holds', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant('write' as const), count: fc.integer({ min: 1, max: 6 }) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('full' as const), count: fc.nat(900) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), count: fc.constantFrom(1, 2, 1_000) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('mend' as const), count: fc.constant(0) }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('wait' as const), count: fc.integer({ min: 1, max: 4 }) }),
      },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const file = faultyFile()
        const { sink, close } = groupCommit({
          file,
          start: START,
          server: 'test',
          now: () => 0,
          limits: { retryMs: 1 },
        })
        const acknowledged: string[] = []
        const asked: Promise<void>[] = []
        for (const { kind, count } of steps) {
          if (kind === 'write')
            for (let index = 0; index < count; index += 1) {
              const call_id = `c-${asked.length}`
              asked.push(
                sink({ ...EVENT, call_id }).then(
                  () => void acknowledged.push(call_id),
                  () => undefined,
                ),
              )
            }
          if (kind === 'full') file.capacity = file.text().length + count
          if (kind === 'fail') {
            file.failure = IO_ERROR
            file.failures = count
          }
          if (kind === 'mend') {
            file.capacity = Number.POSITIVE_INFINITY
            file.failure = undefined
          }
          if (kind === 'wait') await new Promise((turn) => setTimeout(turn, count))
        }
        await Promise.all(asked)
        await close()
        // What a crash at this moment would leave: a torn end may be there, the acknowledged records must be.
        const verifier = trailVerifier()
        verifier.push(Buffer.from(file.text(), 'latin1'))
        assert.equal(verifier.end().verdict, 'pass')
        const written = new Set(idsIn(file))
        for (const id of acknowledged) assert.ok(written.has(id), `${id} was acknowledged and is gone`)
      }),
      { numRuns: 60 },
    )
  })
})
