// Attacks on a real server: each raises its alert, on the trail and on stderr; whoever goes too far waits, and nobody else does.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type AlertServer, alertServer } from './fixture/alert-servers.ts'

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
    assert.doesNotMatch(text, /shadow|mcp_[A-Za-z0-9_-]{20}|4711|passwords/)
  })
})
