// Roles can be tried out where nobody else can reach, with a reason and an end, and every refusal that would be is on record.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aCall, fakeAudit } from '@hardened-mcp/testkit'
import type { FrontConfig } from '../config.ts'
import { mayRehearse, rehearsal } from './dry-run.ts'
import { parsePolicy } from './policy-file.ts'

const file = (until = '2999-01-01', more: object = {}) =>
  parsePolicy(
    JSON.stringify({ version: 2, servers: {}, dry_run: { because: 'roles are being written', until }, ...more }),
  )
const http = (over: object = {}) =>
  ({ kind: 'http', host: '127.0.0.1', port: 0, keysFile: '/keys.json', ...over }) as FrontConfig['transport']
const NOW = Date.parse('2026-03-01T12:00:00Z')

suite('mayRehearse()', () => {
  const ROWS: readonly [where: string, transport: FrontConfig['transport'], refusal: RegExp | undefined][] = [
    ['stdio', { kind: 'stdio' }, undefined],
    ['bare loopback', http(), undefined],
    ['all addresses', http({ host: '0.0.0.0' }), /production/],
    ['an address of the network', http({ host: '10.1.2.3', tls: { certFile: 'c', keyFile: 'k' } }), /production/],
    ['loopback behind a proxy', http({ trustedProxies: ['127.0.0.1/32'] }), /production/],
    ['loopback with TLS', http({ tls: { certFile: 'c', keyFile: 'k' } }), /production/],
  ]
  for (const [where, transport, refusal] of ROWS)
    test(`${where}: ${refusal === undefined ? 'may' : 'may not'}`, () => {
      if (refusal === undefined) mayRehearse(file(), transport, NOW)
      else assert.throws(() => mayRehearse(file(), transport, NOW), refusal)
      mayRehearse(parsePolicy('{"version":2,"servers":{}}'), transport, NOW) // enforcing is fine everywhere
    })

  test('refuses where NODE_ENV says production, and when its time is over', () => {
    const { NODE_ENV } = process.env
    process.env['NODE_ENV'] = 'production'
    try {
      assert.throws(() => mayRehearse(file(), { kind: 'stdio' }, NOW), /production/)
    } finally {
      if (NODE_ENV === undefined) delete process.env['NODE_ENV']
      else process.env['NODE_ENV'] = NODE_ENV
    }
    assert.throws(() => mayRehearse(file('2026-02-28'), { kind: 'stdio' }, NOW), /expired/)
    const roles = { a: { servers: {}, rule_of_two: { because: 'accepted for the demo', until: '2026-02-28' } } }
    assert.throws(
      () => mayRehearse(file('2999-01-01', { roles }), { kind: 'stdio' }, NOW),
      /rule of two for role a expired/,
    )
  })
})

suite('rehearsal()', () => {
  test('records what would be refused and lets it pass; without a record nothing passes', async () => {
    const audit = fakeAudit()
    const guard = rehearsal(
      () => undefined,
      () => true,
      audit.sink,
    )
    assert.equal((await guard(aCall())).verdict, 'allow')
    const [event] = audit.durable
    assert.deepEqual(
      [event?.type, event?.rule, event?.tool, event?.tenant],
      ['alert.raised', 'dry_run', 'read_note', 'acme'],
    )
    assert.match(event?.err ?? '', /Would be refused: This server has no policy/)
    audit.failOn('alert.raised')
    const decision = await guard(aCall())
    assert.ok(decision.verdict === 'deny' && decision.code === 'audit_unavailable')
  })

  test('says nothing when nothing is rehearsed', async () => {
    const audit = fakeAudit()
    assert.equal(
      (
        await rehearsal(
          () => undefined,
          () => false,
          audit.sink,
        )(aCall())
      ).verdict,
      'allow',
    )
    assert.equal(audit.asked.length, 0)
  })
})
