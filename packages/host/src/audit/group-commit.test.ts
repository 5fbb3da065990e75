// Proves that a promise never resolves for a record that is not in the trail, that failures refuse, and that the chain survives them.
import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { type AuditEvent, GENESIS } from '@hardened-mcp/security-core'
import { trailVerifier } from '@hardened-mcp/security-core/verify'
import { type FaultyFile, faultyFile, IO_ERROR } from './fixture/faulty-file.ts'
import { until } from './fixture/until.ts'
import { groupCommit } from './group-commit.ts'
import type { TrailFile } from './trail-file.ts'

const START = { seq: 0, prev: GENESIS, length: 0 }
const EVENT: AuditEvent = { type: 'tool_call.request' }

function committing(file: TrailFile, limits: Parameters<typeof groupCommit>[0]['limits'] = {}) {
  return groupCommit({
    file,
    start: START,
    server: 'test',
    now: () => 1_767_225_600_000,
    limits: { retryMs: 5, ...limits },
  })
}

function verified(file: FaultyFile) {
  const verifier = trailVerifier()
  verifier.push(Buffer.from(file.text(), 'latin1'))
  const { verdict, records, tornBytes } = verifier.end()
  assert.deepEqual({ verdict, tornBytes }, { verdict: 'pass', tornBytes: 0 })
  return records
}

const events = (file: FaultyFile) =>
  file
    .text()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditEvent)

const causedBy = (what: string) => (thrown: Error) => {
  const { code, message } = thrown.cause as { code?: string; message: string }
  assert.equal(thrown.message, 'The audit record could not be made durable')
  assert.equal(code ?? message, what)
  return true
}

suite('groupCommit()', () => {
  test('resolves when the record is written, with the server filled in', async () => {
    const file = faultyFile()
    const { sink } = committing(file)
    await sink({ ...EVENT, call_id: 'a' })
    assert.deepEqual(
      events(file).map(({ call_id, server }) => [call_id, server]),
      [['a', 'test']],
    )
    assert.equal(verified(file), 1)
  })

  test('does not resolve before the write does', async () => {
    const file = faultyFile()
    const gate = Promise.withResolvers<void>()
    file.stall = gate.promise
    let resolved = false
    const done = committing(file)
      .sink(EVENT)
      .then(() => {
        resolved = true
      })
    await new Promise((turn) => setTimeout(turn, 30))
    assert.equal(resolved, false)
    gate.resolve()
    await done
    assert.equal(verified(file), 1)
  })

  test('everything that queued up during a write goes out as one write, in order', async () => {
    const file = faultyFile()
    const { sink } = committing(file)
    const first = sink({ ...EVENT, call_id: 'first' })
    await new Promise((turn) => setImmediate(turn))
    const later = Array.from({ length: 500 }, (_, index) => sink({ ...EVENT, call_id: `c-${index}` }))
    await Promise.all([first, ...later])
    assert.ok(file.appends.length <= 3, `${file.appends.length} writes`)
    assert.deepEqual(
      events(file).map(({ call_id }) => call_id),
      ['first', ...Array.from({ length: 500 }, (_, index) => `c-${index}`)],
    )
    assert.equal(verified(file), 501)
  })

  test('a record that cannot be written down is refused by itself', async () => {
    const file = faultyFile()
    const { sink, healthy } = committing(file)
    const good = sink(EVENT)
    await assert.rejects(sink({ type: 'auth.success', caller: 5 } as unknown as AuditEvent), TypeError)
    await Promise.all([good, sink(EVENT)])
    assert.equal(healthy(), true)
    assert.equal(verified(file), 2)
  })

  test('a full disk refuses what was being written and what waited, and then everything', async () => {
    const file = faultyFile()
    const { sink, healthy } = committing(file, { retryMs: 100_000 })
    await sink(EVENT)
    file.capacity = file.text().length + 100
    const writing = sink(EVENT)
    await new Promise((turn) => setImmediate(turn))
    const waiting = sink(EVENT)
    await assert.rejects(writing, causedBy('ENOSPC'))
    await assert.rejects(waiting, causedBy('ENOSPC'))
    assert.equal(healthy(), false)
    const before = file.appends.length
    await assert.rejects(sink(EVENT), /cannot be written at present/)
    assert.equal(file.appends.length, before, 'refused without trying')
  })

  test('takes records again once a write succeeds; half a line is taken back, the gap is on record', async () => {
    const file = faultyFile()
    const { sink, healthy } = committing(file)
    await sink({ ...EVENT, call_id: 'before' })
    file.capacity = file.text().length + 100
    const lost = await Promise.allSettled([sink(EVENT), sink(EVENT), sink(EVENT)])
    assert.deepEqual(
      lost.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    )
    await assert.rejects(sink(EVENT))
    await new Promise((turn) => setTimeout(turn, 50)) // several attempts on a disk that still is full
    assert.equal(healthy(), false)
    file.capacity = Number.POSITIVE_INFINITY
    await until(healthy)
    await sink({ ...EVENT, call_id: 'after' })
    assert.equal(verified(file), 3)
    const [before, alert, after] = events(file)
    assert.equal(before?.call_id, 'before')
    assert.deepEqual(
      [alert?.type, alert?.rule, alert?.err],
      ['alert.raised', 'audit_interrupted', '4 records were refused'],
    )
    assert.equal(after?.call_id, 'after')
  })

  test('a failing disk refuses, and recovers', async () => {
    const file = faultyFile()
    const { sink, healthy } = committing(file)
    file.failure = IO_ERROR
    await assert.rejects(sink(EVENT), causedBy('EIO'))
    file.failure = undefined
    await until(healthy)
    assert.equal(verified(file), 1)
  })

  test('one write that fails takes those that waited behind it along, and nothing else', async () => {
    const file = faultyFile()
    const { sink, healthy } = committing(file)
    await sink({ ...EVENT, call_id: 'before' })
    file.failure = IO_ERROR
    file.failures = 1
    const writing = sink({ ...EVENT, call_id: 'writing' })
    await Promise.resolve()
    const waiting = sink({ ...EVENT, call_id: 'waiting' })
    await assert.rejects(writing, causedBy('EIO'))
    await assert.rejects(waiting, causedBy('EIO'))
    await until(healthy)
    assert.equal(verified(file), 2)
    assert.deepEqual(
      events(file).map(({ call_id, err }) => call_id ?? err),
      ['before', '2 records were refused'],
    )
  })

  test('the kernel says that the disk is full: /dev/full', { skip: process.platform !== 'linux' }, async () => {
    await using full = await open('/dev/full', 'r+')
    const append = async (bytes: Buffer) => void (await full.write(bytes))
    const { sink, healthy } = committing({ ...faultyFile(), append })
    await assert.rejects(sink(EVENT), causedBy('ENOSPC'))
    assert.equal(healthy(), false)
  })

  test('a stalled disk refuses at the deadline; what it writes later stays in the chain', async () => {
    const file = faultyFile()
    const { sink, healthy } = committing(file, { deadlineMs: 30 })
    const gate = Promise.withResolvers<void>()
    file.stall = gate.promise
    await assert.rejects(sink({ ...EVENT, call_id: 'late' }), causedBy('The audit disk did not answer within 30 ms'))
    assert.equal(healthy(), false)
    await assert.rejects(sink(EVENT))
    file.stall = undefined
    gate.resolve()
    await until(healthy)
    await sink({ ...EVENT, call_id: 'after' })
    assert.equal(verified(file), 3)
    assert.deepEqual(
      events(file).map(({ call_id, rule }) => call_id ?? rule),
      ['late', 'audit_interrupted', 'after'],
    )
  })

  test('a stalled disk that fails in the end recovers too', async () => {
    const file = faultyFile()
    const { sink, healthy } = committing(file, { deadlineMs: 30 })
    const gate = Promise.withResolvers<void>()
    file.stall = gate.promise
    file.failure = IO_ERROR
    const late = sink(EVENT)
    const waiting = sink(EVENT)
    await assert.rejects(late)
    await assert.rejects(waiting)
    file.stall = undefined
    gate.resolve()
    await new Promise((turn) => setTimeout(turn, 20))
    file.failure = undefined
    await until(healthy)
    assert.equal(verified(file), 1)
  })

  test('a full queue refuses the one too many and keeps the others', async () => {
    const file = faultyFile()
    const { sink, healthy } = committing(file, { queue: 10 })
    const gate = Promise.withResolvers<void>()
    file.stall = gate.promise
    const writing = sink(EVENT)
    await new Promise((turn) => setImmediate(turn))
    const waiting = Array.from({ length: 10 }, () => sink(EVENT))
    assert.equal(healthy(), false)
    await assert.rejects(sink(EVENT), /queue is full/)
    gate.resolve()
    await Promise.all([writing, ...waiting])
    assert.equal(healthy(), true)
    assert.equal(verified(file), 11)
  })

  test('a second writer on the file ends it for good, and nothing of theirs is removed', async () => {
    const file = faultyFile()
    const { sink, healthy } = committing(file)
    await sink(EVENT)
    file.intrude('theirs\n')
    await assert.rejects(sink(EVENT))
    await new Promise((turn) => setTimeout(turn, 50))
    assert.equal(healthy(), false)
    await assert.rejects(sink(EVENT), /changed by somebody else/)
    assert.match(file.text(), /\ntheirs\n/)
  })

  test('a second writer while the disk fails ends it too: taking back would remove what is theirs', async () => {
    const file = faultyFile()
    const { sink } = committing(file, { retryMs: 30 })
    file.failure = IO_ERROR
    await assert.rejects(sink(EVENT))
    file.failure = undefined
    file.intrude('theirs, and longer than the record that was not written: '.repeat(20))
    await new Promise((turn) => setTimeout(turn, 100))
    await assert.rejects(sink(EVENT), /changed by somebody else/)
    assert.match(file.text(), /theirs/)
  })

  test('close settles what was taken and refuses what comes later', async () => {
    const file = faultyFile()
    const { sink, close, healthy } = committing(file)
    const taken = Array.from({ length: 50 }, () => sink(EVENT))
    await close()
    await Promise.all(taken)
    await assert.rejects(sink(EVENT), /closed/)
    assert.equal(healthy(), false)
    assert.equal(verified(file), 50)
  })
})
