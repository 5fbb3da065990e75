// Attacks on a real server: each raises its alert, on the trail and on stderr; whoever goes too far waits, and nobody else does.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openAuditSink } from '../../packages/host/src/audit/file-sink.ts'
import { type AlertServer, alertServer } from './fixture/alert-servers.ts'
import { type Collector, collector } from './fixture/collector.ts'

const CANARIES = { values: ['CANARY-4711-4711'], places: ['docs:/honey/'] }
const ACME = { tenant: 'acme' }
let server: AlertServer
let watching: AlertServer

before(async () => {
  const holders = { polluted: ACME, thief: ACME, reader: ACME, sender: ACME, bait: { ...ACME, canary: true } } as const
  const anomaly = { canaries: { ...CANARIES, action: 'quarantine' } }
  server = await alertServer(anomaly, { ...holders, honest: { tenant: 'beta' } })
  watching = await alertServer(undefined, { watched: ACME })
})
after(() => Promise.all([server.close(), watching.close()]))

const read = (holder: string, path: string, at = server) => at.call(holder, 'read_text_file', { path })
const alertsAbout = (holder: string, at = server) =>
  at
    .alerts()
    .filter(({ caller }) => caller === at.idOf(holder))
    .map(({ rule }) => rule)

suite('a model that was taken over', () => {
  test('tries paths outside until it has to wait; the wait is said, and nobody else waits', async () => {
    const codes: (string | undefined)[] = []
    for (let i = 0; i < 12; i += 1) codes.push((await read('polluted', `docs:/../../etc/shadow${i}`)).code)
    assert.deepEqual(codes, [...Array<string>(10).fill('path_denied'), 'quarantined', 'quarantined'])
    const refused = await read('polluted', 'docs:/readme.txt')
    assert.equal(refused.code, 'quarantined')
    assert.ok((refused.retryAfterMs ?? 0) > 880_000 && (refused.retryAfterMs ?? 0) <= 900_000)
    assert.match(refused.body, /This caller is paused after many refused calls; wait and try again/)
    assert.equal((await read('honest', 'docs:/readme.txt')).code, undefined)
    assert.equal((await read('reader', 'docs:/readme.txt')).code, undefined, 'another key of the same tenant')
    assert.deepEqual(new Set(alertsAbout('polluted')), new Set(['denial_burst', 'circuit_broken']))
    assert.match(server.running.stderr(), /"event":"alert","fields":\{"rule":"circuit_broken","severity":"critical"/)
  })

  test("who calls with a stranger's name gets that stranger into no trouble", async () => {
    for (let i = 0; i < 9; i += 1) await server.call('nobody', 'read_text_file', { path: `docs:/../x${i}` })
    assert.equal((await read('honest', 'docs:/readme.txt')).code, undefined)
    assert.deepEqual(alertsAbout('honest'), [])
  })
})

suite('canaries', () => {
  test('bait that is opened raises an alert and makes its caller wait; the caller is not told that it was bait', async () => {
    const { code, body } = await read('thief', 'docs:/honey/passwords.txt')
    assert.equal(code, 'policy_denied')
    assert.doesNotMatch(body, /canary|honey|nothing here/i)
    assert.equal((await read('thief', 'docs:/readme.txt')).code, 'quarantined')
    assert.deepEqual(alertsAbout('thief'), ['canary_place'])
  })

  test('a bait value in an answer does not go out, however it was found', async () => {
    const { code, body } = await server.call('reader', 'search_content', {
      path: 'docs:/',
      pattern: 'name|4711',
    })
    assert.equal(code, 'policy_denied')
    assert.doesNotMatch(body, /4711/)
    assert.deepEqual(alertsAbout('reader'), ['canary_value'])
  })

  test('a bait value in what is sent is noticed before it is sent', async () => {
    const search = { path: 'docs:/', pattern: 'canary-4711-4711' }
    assert.equal((await server.call('sender', 'search_content', search)).code, 'policy_denied')
    assert.deepEqual(alertsAbout('sender'), ['canary_value'])
  })

  test('a bait key opens nothing, looks like any other bad key, and raises an alert', async () => {
    const bait = await read('bait', 'docs:/readme.txt')
    const forged = await server.call('nobody', 'read_text_file', { path: 'docs:/readme.txt' })
    assert.deepEqual([bait.status, bait.body], [forged.status, forged.body])
    assert.equal(bait.status, 401)
    const alert = server.alerts().find(({ rule }) => rule === 'canary_key')
    assert.deepEqual(
      [alert?.['caller'], alert?.['tenant'], alert?.['err']],
      [server.idOf('bait'), 'acme', 'Presented from 127.0.0.1'],
    )
  })
})

suite('without an anomaly section', () => {
  test('the operator hears of it, and nobody has to wait', async () => {
    for (let i = 0; i < 15; i += 1)
      assert.equal((await read('watched', `docs:/../x${i}`, watching)).code, 'path_denied')
    assert.equal((await read('watched', 'docs:/readme.txt', watching)).code, undefined)
    assert.deepEqual(new Set(alertsAbout('watched', watching)), new Set(['denial_burst', 'circuit_broken']))
  })

  test('no alert names a path, a pattern or a key', () => {
    const text = [server, watching].map((each) => JSON.stringify(each.alerts()) + each.running.stderr()).join('')
    assert.doesNotMatch(text, /shadow|mcp_[A-Za-z0-9_-]{20}|4711-4711|\|4711|passwords/i) // not 4711 alone: times and process ids have digits too
  })
})

suite('the receiver of anomaly.webhook', () => {
  const dir = mkdtempSync(join(tmpdir(), 'receiver-'))
  let receiver: Collector
  let told: AlertServer

  before(async () => {
    receiver = await collector()
    writeFileSync(join(dir, 'ca.pem'), receiver.ca)
    writeFileSync(join(dir, 'token'), 'receiver-token-1234567890\n')
    const inside = { network: '127.0.0.1', prefix: 32, ca_file: join(dir, 'ca.pem') }
    const webhook = { url: `${receiver.url}/hook`, token_file: join(dir, 'token'), inside }
    told = await alertServer({ webhook }, { attacker: ACME }, altered)
  })
  after(async () => {
    await told.close()
    await receiver.close()
    rmSync(dir, { recursive: true })
  })
  const posts = (rule: string) =>
    receiver.received.filter(({ body }) => (JSON.parse(body) as { rule: string }).rule === rule)
  const lines = (rule: string) =>
    told.running
      .stderr()
      .split('\n')
      .filter((line) => line.includes(rule))
  async function until(holds: () => boolean, what: string) {
    for (let waited = 0; !holds(); waited += 50) {
      assert.ok(waited < 60_000, what)
      await delay(50)
    }
  }

  test('hears of an attack over TLS, with its token, and of nothing that the attacker sent', async () => {
    for (let i = 0; i < 8; i += 1) await read('attacker', `docs:/../../etc/shadow${i}`, told)
    await until(() => posts('denial_burst').length > 0, 'the alert')
    const [post, ...more] = posts('denial_burst')
    assert.deepEqual(more, [])
    const { at, call_id: callId, ...alert } = JSON.parse(post?.body ?? '') as Record<string, string>
    assert.deepEqual(alert, {
      ...{ rule: 'denial_burst', severity: 'warning', says: '6 calls were refused in a short time' },
      ...{ server: 'file', tenant: 'acme', caller: told.idOf('attacker'), tool: 'read_text_file' },
    })
    assert.equal(Number.isNaN(Date.parse(at ?? '')) || (callId ?? '') === '', false)
    assert.equal(post?.authorization, 'Bearer receiver-token-1234567890')
    assert.doesNotMatch(post?.raw ?? '', /shadow|mcp_[A-Za-z0-9_-]{20}/)
    assert.equal(lines('denial_burst').length, 1, 'one event is one line')
  })

  test('hears each time that a policy is refused, and the log has one line for each', async () => {
    const file = join(told.dir, 'policy.json')
    const good = readFileSync(file, 'utf8')
    for (const [index, bad] of ['nonsense: [', good.replace('read_text_file', 'no_such_tool')].entries()) {
      writeFileSync(file, bad)
      await until(() => posts('policy_refused').length > index, bad)
      assert.equal(lines('policy_refused').length, index + 1)
    }
    writeFileSync(file, good)
    await until(() => lines('policy_loaded').length > 0, 'the good one')
  })

  test('hears that a trail of before does not verify', async () => {
    await until(() => posts('audit_verify_failed').length > 0, 'the alert')
    const { says, severity } = JSON.parse(posts('audit_verify_failed')[0]?.body ?? '') as Record<string, string>
    assert.match(says ?? '', /^The trail does not verify: slot-0\.jsonl: record \d+: /)
    assert.equal(severity, 'critical')
    const alert = told.alerts().find(({ rule }) => rule === 'audit_verify_failed')
    assert.equal(alert?.['err'], says)
    assert.equal(lines('audit_verify_failed').length, 1)
  })

  test('on an address inside that nobody granted gets nothing, and the log says that it was not reached', async () => {
    const before = receiver.received.length
    const lost = await alertServer({ webhook: { url: `${receiver.url}/hook` } }, { attacker: ACME })
    for (let i = 0; i < 8; i += 1) await read('attacker', `docs:/../x${i}`, lost)
    assert.ok(lost.alerts().some(({ rule }) => rule === 'denial_burst'))
    const { stderr } = await lost.running.stop()
    assert.match(stderr, /"event":"webhook_failed"/)
    assert.equal(receiver.received.length, before)
    await lost.close()
  })
})

/** A trail of an earlier run in which somebody changed a name. */
async function altered(audit: string): Promise<void> {
  const trail = await openAuditSink({ dir: audit, server: 'file', now: Date.now })
  for (let i = 0; i < 10; i += 1) await trail.sink({ type: 'auth.success', caller: `agent-${i}` })
  await trail.close()
  writeFileSync(trail.path, readFileSync(trail.path, 'utf8').replace('agent-2', 'agent-9'))
}
