// A server notices that its trail was altered, also by somebody who holds every key on the disk; and never takes its own writing for it.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type AuditTrail, openAuditSink } from './file-sink.ts'
import { watchOwnTrail } from './own-trail.ts'
import { verifyDirectory } from './verify/verify-directory.ts'

let dir: string
let trail: AuditTrail
let said: string[] = []
let toldAt: number[] = [] // which look
let stop: () => Promise<void> = async () => undefined
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'own-trail-'))
  said = []
  toldAt = []
})
afterEach(async () => {
  await ended()
  await trail.close()
  rmSync(dir, { recursive: true, force: true })
})

const open = async (segmentBytes: number, sealMs = 200) => {
  trail = await openAuditSink({ dir, server: 'test', now: Date.now, limits: { segmentBytes, sealMs } })
  for (let i = 0; i < 3; i += 1) await write(30)
}
const write = (count: number) =>
  Promise.all(Array.from({ length: count }, (_, i) => trail.sink({ type: 'auth.success', caller: `agent-${i}` })))
const watch = ({ everyMs = 5, againMs = 5, fails = (_look: number): boolean => false } = {}) => {
  let looks = 0
  const head = () => {
    looks += 1
    if (fails(looks)) throw new Error('EMFILE: too many open files')
    return trail.head()
  }
  const report = (says: string) => {
    said.push(says)
    toldAt.push(looks)
  }
  stop = watchOwnTrail({ dir, head, report, everyMs, againMs })
  return () => looks
}
async function until(holds: () => boolean) {
  for (let waited = 0; !holds(); waited += 10) {
    assert.ok(waited < 30_000)
    await delay(10)
  }
}
const ended = () => Promise.race([stop().then(() => true), delay(20_000, false, { ref: false })])
const first = () => join(dir, 'slot-0.0.jsonl')

suite('watchOwnTrail()', () => {
  test('says nothing while records, checkpoints and files come', async () => {
    await open(30_000)
    const looks = watch()
    const segments = () => readdirSync(dir).filter((name) => name.endsWith('.jsonl')).length
    while (looks() < 5 || segments() < 4) {
      await write(30)
      await delay(20)
    }
    assert.deepEqual(said, [])
  })

  test('an edited record is told with its file and number, and told again while it stays', async () => {
    await open(4_000)
    const text = readFileSync(first(), 'utf8')
    writeFileSync(first(), text.replace('agent-2', 'agent-9'))
    watch()
    await until(() => said.length > 1)
    assert.match(said[0] ?? '', /^The trail does not verify: slot-0\.jsonl: record \d+: /)
    assert.doesNotMatch(said[0] ?? '', /agent/)
    writeFileSync(first(), text)
    await delay(100)
    const { length } = said
    await delay(100)
    assert.equal(said.length, length, 'put back, it is over')
  })

  test('a state of before, keys and all, is told: the server remembers its last record', async () => {
    await open(1_000_000, 3_600_000) // no checkpoint comes between
    const files = ['slot-0.jsonl', 'slot-0.key']
    const before = files.map((name) => readFileSync(join(dir, name)))
    await write(1)
    for (const [index, name] of files.entries()) writeFileSync(join(dir, name), before[index] as Buffer)
    assert.equal((await verifyDirectory(dir)).exitCode, 0, 'without an anchor nobody can tell')
    watch()
    await until(() => said.length > 0)
    assert.match(said[0] ?? '', /slot-0\.jsonl/)
  })

  test('a trail that cannot be read is told', async () => {
    await open(4_000)
    rmSync(first())
    watch()
    await until(() => said.length > 0)
  })

  test('what passes before the second look is not told', async () => {
    await open(4_000)
    const text = readFileSync(first(), 'utf8')
    writeFileSync(first(), text.replace('agent-2', 'agent-9'))
    const looks = watch({ againMs: 1_000 })
    await until(() => looks() === 1)
    await delay(300)
    writeFileSync(first(), text)
    await until(() => looks() > 3)
    assert.deepEqual(said, [])
  })

  test('a look that cannot be taken is taken again, and told when that fails too; the next ones are taken all the same', async () => {
    await open(4_000)
    const looks = watch({ fails: (look) => look === 1 || look === 3 || look === 4 })
    await until(() => looks() > 5)
    assert.deepEqual(said, ['The trail is not verified: Error: EMFILE: too many open files'])
    assert.deepEqual(toldAt, [4], 'one alone is not told')
    const text = readFileSync(first(), 'utf8')
    writeFileSync(first(), text.replace('agent-2', 'agent-9'))
    await until(() => said.length > 1)
    assert.match(said[1] ?? '', /^The trail does not verify: /)
  })

  for (const [wait, hours] of [
    ['hour', { everyMs: 3_600_000 }],
    ['second look', { againMs: 3_600_000, fails: () => true }],
  ] as const)
    test(`stopped while it waits for the next ${wait}, it waits no longer, looks no more and says nothing`, async () => {
      await open(4_000)
      const looks = watch(hours)
      await until(() => looks() === 1)
      await delay(500)
      assert.equal(looks(), 1)
      assert.equal(await ended(), true)
      assert.deepEqual([looks(), said], [1, []])
    })
})
