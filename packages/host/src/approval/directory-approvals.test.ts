// Proves that a yes in a directory is used by exactly one of all processes, and that what is missing, swapped or old is no yes.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import type { RequestFacts } from '@hardened-mcp/security-core'
import { fakeClock } from '@hardened-mcp/testkit'
import { directoryApprovals } from './directory-approvals.ts'
import { decide, requestsIn } from './operator-desk.ts'

const LIFE = { elicit: 120_000, step_up: 300_000, operator: 3_600_000 }
const GRANT_MS = 600_000
const WHO = { tenant: 'acme', id: 'agent-1' }
const DIGEST = 'd'.repeat(64)
const facts = (over: Partial<RequestFacts> = {}): RequestFacts => ({
  ...{ who: WHO, server: 'file', tool: 'delete_file', places: ['notes'], labels: 'private', policy: 'sha256:1' },
  ...{ strength: 'operator', digest: DIGEST, operation: '{"op":"delete"}' },
  ...over,
})

let dir = ''
let clock = fakeClock()
beforeEach(() => {
  clock = fakeClock()
  dir = mkdtempSync(join(tmpdir(), 'approvals-'))
  for (const folder of ['requests', 'verdicts']) mkdirSync(join(dir, folder), { mode: 0o700 })
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const open = (perCaller = 4) => directoryApprovals({ dir, lifeMs: LIFE, grantMs: GRANT_MS, perCaller, now: clock.now })
const say = (word: 'approved' | 'denied', id: string) => decide(dir, id, { word, by: 'olga', now: clock.now })
const opened = async (over: Partial<RequestFacts> = {}) => {
  const request = await open().open(facts(over))
  assert.ok(request !== undefined)
  return request
}

suite('directoryApprovals()', () => {
  test('what one server asks, the operator decides, and another server uses once', async () => {
    const { id } = await opened()
    assert.deepEqual((await open().find(WHO, DIGEST))?.verdict, undefined)
    await say('approved', id)
    const found = await open().find(WHO, DIGEST)
    assert.equal(found?.verdict, 'approved')
    assert.equal(await open().spend(found), true)
    assert.equal(await open().spend(found), false)
    assert.equal(await open().find(WHO, DIGEST), undefined)
    assert.deepEqual(requestsIn(dir, clock.now()), [], 'its place is free')
  })

  test('of processes that use one yes at the same time exactly one does', async () => {
    const { id } = await opened()
    await say('approved', id)
    const script = `
      import { directoryApprovals } from ${JSON.stringify(new URL('directory-approvals.ts', import.meta.url).href)}
      const store = directoryApprovals({ dir: process.argv[1], lifeMs: {}, grantMs: 0, perCaller: 4, now: () => ${clock.now()} })
      const found = await store.find({ tenant: 'acme', id: 'agent-1' }, '${DIGEST}')
      process.stdout.write('ready')
      await new Promise((resolve) => process.stdin.once('data', resolve))
      process.exit(found?.verdict === 'approved' && (await store.spend(found)) ? 10 : 20)`
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module-typescript', '-e', script, dir], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    )
    await Promise.all(children.map(({ stdout }) => new Promise((resolve) => stdout.once('data', resolve))))
    const codes = children.map((child) => new Promise<number | null>((resolve) => child.on('exit', resolve)))
    for (const { stdin } of children) stdin.end('go')
    const ended = await Promise.all(codes)
    assert.deepEqual(
      [10, 20].map((code) => ended.filter((each) => each === code).length),
      [1, 3],
    )
  })

  test('another caller, another tenant and another digest find nothing', async () => {
    await say('approved', (await opened()).id)
    for (const who of [
      { ...WHO, id: 'agent-2' },
      { ...WHO, tenant: 'globex' },
    ])
      assert.equal(await open().find(who, DIGEST), undefined)
    assert.equal(await open().find(WHO, 'e'.repeat(64)), undefined)
  })

  test('a request that was put into the place of another caller is not that caller’s', async () => {
    await say('approved', (await opened()).id)
    await opened({ who: { ...WHO, id: 'agent-2' }, digest: 'e'.repeat(64) })
    const [mine, theirs] = readdirSync(join(dir, 'requests')).toSorted((a, b) =>
      readFileSync(join(dir, 'requests', a), 'utf8').includes('agent-1') ? -1 : Number(a > b),
    )
    renameSync(join(dir, 'requests', mine ?? ''), join(dir, 'requests', theirs ?? ''))
    assert.equal(await open().find({ ...WHO, id: 'agent-2' }, DIGEST), undefined)
  })

  test('a verdict on another request, or one that is not whole, gives nothing', async () => {
    const { id } = await opened()
    await say('approved', id)
    const path = join(dir, 'verdicts', `${id}.approved`)
    const verdict = JSON.parse(readFileSync(path, 'utf8')) as object
    for (const text of ['', '{', '{}', JSON.stringify({ ...verdict, digest: 'e'.repeat(64) })]) {
      writeFileSync(path, text)
      await assert.rejects(open().find(WHO, DIGEST), text)
    }
    writeFileSync(path, JSON.stringify(verdict))
    assert.equal((await open().find(WHO, DIGEST))?.verdict, 'approved')
  })

  test('a yes is over after its time, and one from before the request or from times to come counts for nothing', async () => {
    const { id } = await opened()
    clock.advance(LIFE.operator - 1)
    await say('approved', id)
    clock.advance(GRANT_MS - 1)
    assert.equal((await open().find(WHO, DIGEST))?.verdict, 'approved')
    clock.advance(1)
    assert.equal(await open().find(WHO, DIGEST), undefined)
    const next = await opened()
    for (const at of [clock.now() - 3_600_000, clock.now() + 3_600_000]) {
      const path = join(dir, 'verdicts', `${next.id}.approved`)
      writeFileSync(path, JSON.stringify({ v: 1, id: next.id, digest: DIGEST, by: 'olga', at }))
      assert.equal(await open().find(WHO, DIGEST), undefined)
    }
  })

  test('a no stands until the request is over, and takes back a yes that was not used', async () => {
    const { id } = await opened()
    await say('approved', id)
    await say('denied', id)
    assert.equal((await open().find(WHO, DIGEST))?.verdict, 'denied')
    await assert.rejects(say('approved', id), /is denied/)
    clock.advance(LIFE.operator)
    assert.equal(await open().find(WHO, DIGEST), undefined)
  })

  test('a no that the client brought stands as well', async () => {
    const request = await opened({ strength: 'elicit' })
    await assert.rejects(say('approved', request.id), /waits for elicit, not for the operator/)
    await open().refuse(request)
    assert.equal((await open().find(WHO, DIGEST))?.verdict, 'denied')
  })

  test('as many requests of one caller as may, however many servers open them', async () => {
    const asked = await Promise.all(
      Array.from({ length: 9 }, (_, i) => open(4).open(facts({ digest: i.toString(16).repeat(64) }))),
    )
    assert.equal(asked.filter((each) => each !== undefined).length, 4)
    assert.ok((await open(4).open(facts({ who: { ...WHO, id: 'agent-2' } }))) !== undefined)
    clock.advance(LIFE.operator + GRANT_MS + 60_001)
    assert.ok((await open(4).open(facts())) !== undefined, 'what is over makes room')
  })

  test('what was left half written is passed over, and swept away in time', async () => {
    const { file = '' } = await opened()
    writeFileSync(file, '{"v":1,')
    assert.equal(await open().find(WHO, DIGEST), undefined)
    assert.deepEqual(requestsIn(dir, clock.now()), [])
    const old = (clock.now() - 3 * 86_400_000) / 1000
    writeFileSync(join(dir, 'requests', 'a_0123456789abcdef.spent'), '-')
    for (const name of readdirSync(join(dir, 'requests'))) utimesSync(join(dir, 'requests', name), old, old)
    await opened()
    assert.equal(readdirSync(join(dir, 'requests')).length, 1)
  })

  test('folders that are gone, open to others or no folders are refused', async () => {
    const store = open()
    for (const folder of ['requests', 'verdicts']) {
      chmodSync(join(dir, folder), 0o770)
      assert.throws(() => open(), /closed to others: chmod 700/)
      chmodSync(join(dir, folder), 0o700)
      renameSync(join(dir, folder), join(dir, 'away'))
      await assert.rejects(store.find(WHO, DIGEST), { code: 'ENOENT' })
      assert.throws(() => open(), /must be a directory/)
      renameSync(join(dir, 'away'), join(dir, folder))
    }
  })

  test('the operator sees what would run, whoever reads the folder sees nothing, and each verdict is on a trail', async () => {
    const operation = JSON.stringify({ text: 'x'.repeat(20_000) })
    const { id, file = '' } = await opened({ operation })
    const [waiting] = requestsIn(dir, clock.now())
    assert.deepEqual(
      [waiting?.id, waiting?.state, waiting?.operation.length, waiting?.operation_chars],
      [id, 'waiting', 16_384, operation.length],
    )
    assert.equal(statSync(file).mode & 0o777, 0o600)
    await say('approved', id)
    await say('denied', id)
    const records = readFileSync(join(dir, 'audit', 'slot-0.jsonl'), 'utf8')
    for (const type of ['approval.granted', 'approval.refused'])
      assert.match(records, new RegExp(`"type":"${type}".*"caller":"agent-1".*"approval":"${id}","err":"by olga"`))
  })

  test('a verdict that cannot be recorded does not count', async () => {
    const { id } = await opened()
    mkdirSync(join(dir, 'audit'), { mode: 0o777 })
    chmodSync(join(dir, 'audit'), 0o777)
    await assert.rejects(say('approved', id), /must have mode 0700/)
    assert.equal((await open().find(WHO, DIGEST))?.verdict, undefined)
  })
})
