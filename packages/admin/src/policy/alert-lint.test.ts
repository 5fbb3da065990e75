// Alerts that never fire, bait that nobody touches and quarantines that nobody hears of are found; an honest section passes.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type PolicyFile, policySchema } from '@hardened-mcp/host/admin'
import { alertFindings } from './alert-lint.ts'
import { watching } from './watching.ts'

const webhook = { url: 'https://hooks.example.com/x' }
const policy = (anomaly: object | undefined, over: object = {}): PolicyFile =>
  policySchema.parse({
    version: 1,
    servers: {
      file: {
        ...{ allowed_tools: ['read_text_file'], permissions: ['tool:read_only'], rate_limits: { '*': 60 } },
        resources: { roots: [{ name: 'hr', path: '/srv/hr' }] },
      },
      'db-query': {
        ...{ allowed_tools: ['query_sql'], permissions: ['tool:read_only'] },
        rate_limits: { '*': { per_minute: 100, burst: 20 } },
        resources: { databases: [{ name: 'crm', file: '/srv/crm.sqlite', tables: '*' }] },
      },
      fetch: {
        ...{ allowed_tools: ['fetch_url'], permissions: ['tool:network'], rate_limits: { '*': 30 } },
        resources: { allow: ['*.example.org', 'example.com'] },
      },
    },
    ...(anomaly && { anomaly }),
    ...over,
  })

suite('alertFindings()', () => {
  const burst = (most: number, minutes: number) => ({ rules: { call_burst: { most, minutes } }, webhook })
  const denials = (most: number, minutes: number, breaker: object = {}) => ({
    ...{ rules: { denial_burst: { most, minutes } }, breaker, webhook },
  })
  const places = (...names: string[]) => ({ canaries: { places: names }, webhook })
  const ROWS: readonly [what: string, where: string | undefined, anomaly: object | undefined][] = [
    ['no section', undefined, undefined],
    ['the defaults with somebody who hears', undefined, { webhook }],
    ['as many calls as the largest limit lets pass', undefined, burst(120, 1)],
    ['one more', 'anomaly.rules.call_burst', burst(121, 1)],
    ['the same in two minutes', undefined, burst(220, 2)],
    ['one more in two', 'anomaly.rules.call_burst', burst(221, 2)],
    ['a rule that is off', undefined, { rules: { call_burst: 'off' }, webhook }],
    ['marks', 'anomaly.rules.injection_marks', { rules: { injection_marks: { most: 500, minutes: 1 } }, webhook }],
    ['refusals come before the limit', undefined, { rules: { enumeration: { most: 9_000, minutes: 1 } }, webhook }],
    ['refusals up to the breaker', undefined, denials(10, 5)],
    ['more than the breaker lets happen', 'anomaly.rules.denial_burst', denials(11, 5)],
    ['more in a longer time', undefined, denials(11, 6)],
    ['a breaker that only tells', undefined, denials(11, 5, { mode: 'alert' })],
    ['a breaker without its rule', 'anomaly.breaker', { rules: { circuit_broken: 'off' }, webhook }],
    ['a breaker that nobody hears', 'anomaly.breaker', {}],
    ['nobody waits, so nobody has to hear', undefined, { breaker: { mode: 'alert' } }],
    ['bait that makes wait unheard', 'anomaly.canaries', { breaker: { mode: 'alert' }, canaries: { values: ['CANARY-4711-4711'], action: 'quarantine' } }],
    ['bait without bait', 'anomaly.canaries', { canaries: {}, webhook }],
    ['bait in a root, a table, a host and below one', undefined, places('hr:/passwords/', 'crm.vip', 'crm', 'example.com/x', 'a.example.org/x')],
    ['bait in no root', 'anomaly.canaries.places', places('hrx:/passwords/')],
    ['bait in no database', 'anomaly.canaries.places', places('crm2.vip')],
    ['bait on no host', 'anomaly.canaries.places', places('example.net/x')],
    ['bait on a host that only ends alike', 'anomaly.canaries.places', places('badexample.org/x')],
  ] // biome-ignore format: a table
  for (const [what, where, anomaly] of ROWS)
    test(`${what}: ${where ?? 'passes'}`, () => {
      assert.deepEqual(
        alertFindings(policy(anomaly)).map((found) => [found.rule, found.where]),
        where === undefined ? [] : [['alerts', where]],
      )
    })

  test('says what the limit is', () => {
    const [found] = alertFindings(policy(burst(121, 1)))
    assert.equal(found?.says, 'never fires: rate_limits let a caller make 120 calls in 1 minute')
  })
})

suite('watching()', () => {
  test('names each rule with the threshold in force, who has to wait, and how far counts reach', () => {
    const section = {
      ...{ rules: { call_burst: { most: 50, minutes: 2 }, first_seen_place: 'off' } },
      ...{ breaker: { quarantine_minutes: 20 }, canaries: { values: ['CANARY-4711-4711'] } },
    }
    const shared = { address: '10.0.0.1:6379', replicas: 3 }
    assert.deepEqual(watching(policy(section, { limits: { shared } })), [
      'circuit_broken: 10 x tool_call.denied in 5 min; the caller waits 20 min',
      'circuit_broken: 50 % failed of at least 20 calls in 5 min; the caller waits 20 min',
      'denial_burst: 6 x tool_call.denied in 1 min',
      'enumeration: 50 different arguments refused or missing in 60 min',
      'call_burst: 50 x tool_call.request in 2 min',
      'rate_limit_burst: 30 x rate_limit.hit in 1 min',
      'injection_marks: 5 x tool_call.success or tool_call.denied or tool_call.error with marks in 10 min',
      'tainted: each time',
      'first_seen_tool: a new tool after 100 calls over 8 h without one',
      'canaries: 1 values, 0 places; refuse',
      'counts and quarantines are of one server process and end with it: each of 3 replicas counts and stops for itself',
    ])
  })

  test('without a section nobody waits, and one process has nobody beside it', () => {
    const lines = watching(policy(undefined))
    assert.ok(lines.includes('circuit_broken: 10 x tool_call.denied in 5 min'))
    assert.equal(lines.at(-1), 'counts and quarantines are of one server process and end with it')
  })
})
