// Servers that call each other for one caller: each hop has a token of its own, the last one knows them all, and too many are refused.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type RunningServer, serveOverHttp } from '@hardened-mcp/testkit/command'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { ask } from '../identity/ask.ts'
import { type AuthorizationServer, authorizationServer } from '../identity/authorization-server.ts'
import { forge } from '../identity/forge.ts'
import { exchanged } from '../identity/token-exchange.ts'
import { type Next, type Relay, relay, SCOPE, tapped } from './relay.ts'

const NAMES = ['hop-1', 'hop-2', 'hop-3', 'hop-4'] as const
const LAST = 'https://db.example.com/mcp'
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const dir = mkdtempSync(join(tmpdir(), 'chains-'))
let issuer: AuthorizationServer
let db: RunningServer
const relays: Relay[] = []
const wires: Awaited<ReturnType<typeof tapped>>[] = []

before(async () => {
  issuer = await authorizationServer(SCOPE)
  writeFileSync(join(dir, 'ca.pem'), issuer.ca)
  const file = join(dir, 'shop.sqlite')
  new Database(file)
    .exec("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO t VALUES (1, 'a row')")
    .close()
  const inside = { network: '127.0.0.1', prefix: 32, ca_file: join(dir, 'ca.pem') }
  const policy = {
    version: 1,
    servers: {
      'db-query': {
        ...{ allowed_tools: ['query_sql'], permissions: ['tool:read_only', 'resource:local'] },
        rate_limits: { '*': { per_minute: 100_000, burst: 10_000 } },
        resources: { work_seconds_per_minute: 600, databases: [{ name: 'shop', file, tables: { t: {} } }] },
      },
    },
    oauth: {
      ...{ resource: LAST, scopes: { [SCOPE]: ['tool:read_only', 'resource:local'] } },
      issuers: [{ name: 'corp', issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/jwks`, tenant: 'acme', inside }],
      delegation: { max_depth: 3, actors: NAMES },
    },
  }
  writeFileSync(join(dir, 'policy.json'), JSON.stringify(policy))
  const flags = ['--policy', join(dir, 'policy.json'), '--keys', join(dir, 'keys.json'), '--audit', join(dir, 'audit')]
  db = await serveOverHttp(['db-query', ...flags, '--http', '127.0.0.1:0'])
  const rpc = (name: string, args: object) => ({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name, arguments: args },
  })
  let wire = await tapped(db.url)
  let next: Next = {
    url: wire.url,
    host: new URL(db.url).host,
    resource: LAST,
    message: (sql) => rpc('query_sql', { sql }),
  }
  wires.push(wire)
  for (const name of NAMES.toReversed()) {
    const made = await relay({ name, dir, issuer, actors: NAMES, next })
    relays.unshift(made)
    wire = await tapped(made.url)
    wires.push(wire)
    next = {
      url: wire.url,
      host: new URL(made.url).host,
      resource: made.resource,
      message: (sql) => rpc('relay', { sql }),
    }
  }
})
after(async () => {
  for (const wire of wires) wire.close()
  for (const each of relays) await each.close()
  await (db as RunningServer | undefined)?.stop()
  await issuer.close()
  rmSync(dir, { recursive: true })
})

const tokenFor = (resource: string, claims: object = {}) =>
  forge({ issuer: issuer.issuer, resource, scope: SCOPE, key: issuer.keys.rsa, tenant: 'acme' }).token({
    claims: { sub: 'alice', ...claims },
  })
const enter = (at: Relay | undefined, token: string, sql = 'SELECT text FROM t') =>
  ask(
    { url: at?.url ?? '' },
    { authorization: `Bearer ${token}` },
    {
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
      params: {
        name: 'relay',
        arguments: { sql },
        _meta: { traceparent: TRACE, baggage: 'user=alice', tracestate: 'x=y' },
      },
    },
  )
const trail = () =>
  readFileSync(join(dir, 'audit', 'slot-0.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

suite('a chain of servers', () => {
  test('three hops: answered, and the last trail names all of them, the caller and the trace', async () => {
    const answer = await enter(relays[1], tokenFor(relays[1]?.resource ?? ''))
    assert.equal(answer.status, 200)
    assert.match(answer.body, /a row/, JSON.stringify(relays.map(({ audit }) => audit.durable.map(({ err }) => err))))
    const record = trail().findLast(({ type }) => type === 'tool_call.success')
    assert.deepEqual(
      [record?.['caller'], record?.['tenant'], record?.['chain']],
      ['corp:alice', 'acme', 'hop-4 < hop-3 < hop-2'],
    )
    assert.equal(String(record?.['trace']).slice(0, 36), TRACE.slice(0, 36))
    assert.notEqual(record?.['trace'], TRACE, 'a span of its own')
    const seen = relays
      .slice(2)
      .map(({ audit }) => audit.durable.find(({ type }) => type === 'tool_call.success')?.chain)
    assert.deepEqual(seen, ['hop-2', 'hop-3 < hop-2'])
  })

  test('four hops: refused by the last one with 403 before any call', async () => {
    const before = trail().length
    const answer = await enter(relays[0], tokenFor(relays[0]?.resource ?? ''))
    assert.match(answer.body, /upstream_failed/)
    const made = trail().slice(before)
    assert.ok(made.every(({ type }) => !String(type).startsWith('tool_call.')))
    assert.ok(
      made.some(
        ({ type, rule, err }) =>
          type === 'auth.failure' && rule === 'delegation' && /more than 3 actors/.test(String(err)),
      ),
    )
  })

  test('a call that has come round, and an actor nobody named, are 403; neither is a challenge to try again', async () => {
    const at = relays[1]
    for (const act of [{ sub: 'hop-2' }, { sub: 'hop-1', act: { sub: 'hop-2' } }, { sub: 'stranger' }]) {
      const { status, challenge } = await enter(at, tokenFor(at?.resource ?? '', { act }))
      assert.deepEqual([status, challenge], [403, ''])
    }
  })

  test('no scope grows on its way, and a token for one server opens no other', async () => {
    const at = relays[3]
    const narrow = await enter(at, tokenFor(at?.resource ?? '', { scope: 'other' }))
    assert.equal(narrow.status, 403)
    assert.equal((await enter(at, tokenFor(LAST))).status, 401)
  })

  test("the caller's token goes to its issuer and nowhere else: not one byte of it on any wire, in any answer or any trail", async () => {
    const calls = Number(process.env['CANARY_CALLS'] ?? 100)
    const at = relays[3]
    const canaries: string[] = []
    let answers = ''
    for (const text of fc.sample(fc.string({ maxLength: 60, unit: 'grapheme' }), calls)) {
      const token = tokenFor(at?.resource ?? '', { jti: `canary-${canaries.length}` })
      canaries.push(token)
      answers += (await enter(at, token, canaries.length % 2 === 0 ? 'SELECT text FROM t' : text)).body
    }
    const out =
      wires.map((wire) => wire.bytes()).join('') +
      answers +
      JSON.stringify(relays.map(({ audit }) => audit.asked)) +
      JSON.stringify(trail())
    assert.ok(answers.split('a row').length > calls / 2, 'the calls came through')
    assert.ok(out.length > calls * 1_000, 'the wires were looked at')
    for (const token of canaries) {
      const [, body = '', signature = ''] = token.split('.')
      for (const part of [token, body, signature]) assert.ok(!out.includes(part), 'a part of the token')
    }
    assert.doesNotMatch(out, /user=alice|baggage|tracestate/)
    assert.ok(
      exchanged.filter((form) => canaries.some((token) => form.includes(token))).length >= calls,
      'the issuer saw them',
    )
  })
})
