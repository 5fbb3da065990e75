// Proves with the real group commit behind the real pipeline: where no record can be written, no tool with an effect runs, and nothing is answered.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { GENESIS } from '@hardened-mcp/security-core'
import { codeOf, recordedPipeline } from '@hardened-mcp/testkit'
import { type FaultyFile, faultyFile, IO_ERROR } from './fixture/faulty-file.ts'
import { groupCommit } from './group-commit.ts'

const START = { seq: 0, prev: GENESIS, length: 0 }

const FAULTS: readonly (readonly [because: string, spoil: (file: FaultyFile) => void, queue: number])[] = [
  [
    'the disk is full (ENOSPC)',
    (file) => {
      file.capacity = 100
    },
    100,
  ],
  [
    'the disk fails (EIO)',
    (file) => {
      file.failure = IO_ERROR
    },
    100,
  ],
  ['the queue is full', () => undefined, 0],
  ['somebody else changed the trail', (file) => file.intrude('theirs\n'), 100],
]

for (const [because, spoil, queue] of FAULTS)
  suite(`when ${because}`, () => {
    for (const effect of ['write', 'egress', 'read'] as const)
      test(`a tool that does ${effect} answers audit_unavailable${effect === 'read' ? ' and releases nothing' : ' and does not run'}`, async () => {
        const file = faultyFile()
        spoil(file)
        const { sink, close } = groupCommit({ file, start: START, server: 'test', now: () => 0, limits: { queue } })
        const { executor, answer } = recordedPipeline(effect, { audit: sink })
        for (let call = 0; call < 3; call += 1) assert.equal(codeOf(await answer()), 'audit_unavailable')
        // A read may overlap with its record: it changes nothing, and its answer waits.
        if (effect !== 'read') assert.equal(executor.seen.length, 0)
        await close()
      })
  })
