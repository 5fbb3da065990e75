// Switch and quarantine at real servers under load: in force soon, for whom they name and for nobody else, on record both ways.
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { command } from '@hardened-mcp/testkit/command'
import { type AlertServer, alertServer, type Called } from './fixture/alert-servers.ts'

const IN_FORCE_MS = 3_000
let server: AlertServer

before(async () => {
  server = await alertServer(undefined, { alice: { tenant: 'acme' }, bob: { tenant: 'beta' } })
})
after(() => server.close())

const read = (holder: string, at = server, path = 'docs:/readme.txt') => at.call(holder, 'read_text_file', { path })
const good = ({ status, code }: Called) => status === 200 && code === undefined

type Heard = Readonly<{ who: string; at: number; sentAt: number; code: string | undefined }>

/** Eight clients of each caller call without a pause while `run` runs, which sees the answers as they come. */
async function underLoad(run: (answers: readonly Heard[]) => Promise<void>, at = server): Promise<readonly Heard[]> {
  const answers: Heard[] = []
  let over = false
  const client = async (who: string) => {
    while (!over) {
      const sentAt = performance.now()
      const { code } = await read(who, at)
      answers.push({ who, sentAt, at: performance.now(), code })
    }
  }
  const clients = Array.from({ length: 16 }, (_, i) => client(i % 2 === 0 ? 'alice' : 'bob'))
  try {
    await delay(300)
    await run(answers)
  } finally {
    over = true
    await Promise.all(clients)
  }
  return answers
}

/** Resolves with the time that it took; ten times of what is promised is the limit, because other tests run beside this one. */
async function within(look: () => boolean | Promise<boolean>): Promise<number> {
  const from = performance.now()
  while (!(await look())) {
    assert.ok(performance.now() - from < 10 * IN_FORCE_MS, 'the switch is not in force')
    await delay(50)
  }
  return performance.now() - from
}

suite('hardened-mcp killswitch', () => {
  for (const [what, flags] of [
    ['a tenant', () => ['--tenant', 'acme']],
    ['a caller', () => ['--principal', server.idOf('alice')]],
  ] as const)
    test(`${what} is off while others go on under load, and on again`, async (t) => {
      let [inForceAt, untilAt, backAt] = [0, 0, 0]
      const answers = await underLoad(async (heard) => {
        const have = (name: string, code: string | undefined, since: number) =>
          heard.filter(({ who, sentAt, code: had }) => who === name && sentAt > since && had === code).length > 3
        const off = await server.killswitch('on', ...flags(), '--reason', 'incident 7')
        const offAt = performance.now()
        assert.equal(off.code, 0, off.stderr)
        const offMs = await within(() => have('alice', 'switched_off', offAt))
        inForceAt = performance.now()
        await within(() => have('alice', 'switched_off', inForceAt) && have('bob', undefined, inForceAt))
        untilAt = performance.now()
        const on = await server.killswitch('off', ...flags())
        const onAt = performance.now()
        assert.equal(on.code, 0, on.stderr)
        const onMs = await within(() => have('alice', undefined, onAt))
        backAt = performance.now()
        await within(() => have('alice', undefined, backAt))
        t.diagnostic(`off after ${offMs.toFixed(0)} ms, on again after ${onMs.toFixed(0)} ms`)
      })
      const ofAlice = answers.filter(({ who }) => who === 'alice')
      const whileOff = ofAlice.filter(({ sentAt, at }) => sentAt > inForceAt && at < untilAt)
      assert.deepEqual(new Set(whileOff.map(({ code }) => code)), new Set(['switched_off']))
      const later = ofAlice.filter(({ sentAt }) => sentAt > backAt)
      assert.deepEqual(new Set(later.map(({ code }) => code)), new Set([undefined]))
      const ofBob = answers.filter(({ who }) => who === 'bob')
      assert.deepEqual(new Set(ofBob.map(({ code }) => code)), new Set([undefined]))
    })

  test('the trail says what was switched off and why, what was refused, and when it was over', () => {
    const ours = server.alerts().map(({ rule, err }) => `${rule}: ${err}`)
    assert.ok(ours.includes('kill_switch_on: Switched off: tenant acme; incident 7'), ours.join('\n'))
    assert.ok(ours.includes('kill_switch_off: No longer switched off: tenant acme; incident 7'))
    assert.ok(ours.includes(`kill_switch_on: Switched off: principal ${server.idOf('alice')}; incident 7`))
    const refused = server.records().filter(({ rule }) => rule === 'switched_off')
    assert.ok(refused.length > 0 && refused.length < 45, `${refused.length} records: a flood of refusals fills no disk`)
    for (const { type, caller, tenant } of refused)
      assert.deepEqual([type, caller, tenant], ['tool_call.denied', server.idOf('alice'), 'acme'])
    assert.match(refused[0]?.['err'] ?? '', /^Switched off: tenant acme; incident 7/)
  })

  test('a tool is off for everybody, and the others are not', async () => {
    await server.killswitch('on', '--tool', 'read_text_file')
    await within(async () => !good(await read('alice')))
    for (const holder of ['alice', 'bob']) {
      const { code, body } = await read(holder)
      assert.equal(code, 'switched_off')
      assert.ok(!body.includes('incident'))
      assert.ok(good(await server.call(holder, 'list_directory', { path: 'docs:/' })))
    }
    await server.killswitch('off', '--tool', 'read_text_file')
  })

  test('a broken file switches everything off; without it everything is on', async () => {
    const file = join(server.dir, 'keys/killswitch.json')
    await within(async () => good(await read('alice'))) // the switch of the test before is over
    writeFileSync(file, '{"version":1,', { mode: 0o600 })
    await within(async () => !good(await read('alice')))
    for (const holder of ['alice', 'bob']) assert.equal((await read(holder)).code, 'switched_off')
    const show = await server.killswitch('show')
    assert.deepEqual([show.code, show.stderr], [78, 'hardened-mcp: Kill switch file must be JSON\n'])
    rmSync(file)
    await within(async () => good(await read('alice')))
    for (const holder of ['alice', 'bob']) assert.ok(good(await read(holder)))
    assert.ok(server.alerts().some(({ rule }) => rule === 'kill_switch_broken'))
    assert.match(server.running.stderr(), /"rule":"kill_switch_broken","severity":"critical"/)
  })

  test('the trail still verifies', async () => {
    assert.notEqual((await command(['audit', 'verify', join(server.dir, 'audit')])).code, 1)
  })
})

suite('quarantine', () => {
  let breaking: AlertServer
  before(async () => {
    const acme = { tenant: 'acme' }
    breaking = await alertServer({ breaker: {} }, { alice: acme, bob: { tenant: 'beta' }, polluted: acme })
  })
  after(() => breaking.close())

  test('holds the caller from the tenth refusal on while others go on under load', async (t) => {
    const answers = await underLoad(async (heard) => {
      for (let i = 0; i < 10; i += 1)
        assert.equal((await read('polluted', breaking, `docs:/../x${i}`)).code, 'path_denied')
      const from = performance.now()
      const next = await Promise.all(Array.from({ length: 16 }, () => read('polluted', breaking)))
      t.diagnostic(`16 calls answered with quarantined within ${(performance.now() - from).toFixed(0)} ms`)
      assert.deepEqual(new Set(next.map(({ code }) => code)), new Set(['quarantined']))
      await within(() =>
        ['alice', 'bob'].every((who) => heard.filter((a) => a.who === who && a.sentAt > from).length > 3),
      )
    }, breaking)
    assert.deepEqual(new Set(answers.map(({ code }) => code)), new Set([undefined]))
  })
})
