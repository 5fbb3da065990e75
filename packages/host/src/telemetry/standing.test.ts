// What a server says of itself while one of the things it needs is missing.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { standing, workforce } from './standing.ts'

type Parts = Parameters<typeof standing>[0]
const WELL: Parts = {
  workers: { load: () => ({ alive: 2, idle: 1, waiting: 3 }) },
  came: workforce(),
  audit: {
    load: () => ({ queued: 4, lagMs: 5, low: false, freeBytes: 6 }),
    head: () => ({ slot: 0, seq: 9, hash: 'ab'.repeat(32) }),
    healthy: () => true,
  },
  live: {
    current: () => ({ id: 'flags' }) as ReturnType<Parts['live']['current']>,
    trouble: () => undefined,
  },
  serving: { keySets: () => [{ issuer: 'corp', ageMs: 7 }], knowsCallers: () => true },
}

suite('standing()', () => {
  const broken: readonly [what: string, parts: Partial<Parts>, words: readonly string[]][] = [
    ['nothing', {}, []],
    [
      'no worker has opened what was granted',
      { workers: { load: () => ({ alive: 0, idle: 0, waiting: 0 }) } },
      ['workers'],
    ],
    ['all workers are busy', { workers: { load: () => ({ alive: 2, idle: 0, waiting: 60 }) } }, []],
    ['no record would be taken', { audit: { ...WELL.audit, healthy: () => false } }, ['audit']],
    [
      'the disk of the trail is almost full',
      { audit: { ...WELL.audit, healthy: () => false, load: () => ({ queued: 0, lagMs: 0, low: true }) } },
      ['disk'],
    ],
    ['nobody could prove who they are', { serving: { keySets: () => [], knowsCallers: () => false } }, ['keys']],
    ['the server was told to stop', { serving: undefined }, ['stopping']],
  ]
  for (const [what, parts, words] of broken)
    test(`${what}: ${words.join(' ') || 'ready'}`, () => {
      assert.deepEqual(standing({ ...WELL, ...parts }).notReady, words)
    })

  test('counts what came and went, and the records of the trail', () => {
    const came = workforce()
    for (let n = 0; n < 3; n += 1) came.started()
    came.ended('killed')
    const { workers, ended, audit } = standing({ ...WELL, came })
    assert.deepEqual([workers.started, ended, audit.records], [3, { killed: 1, memory: 0, crashed: 0 }, 10])
  })
})
