// What goes away or goes wrong while the real server runs, what it answers then, and that it comes back by itself. README has the same table.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { command, type RunningServer, serveOverHttp } from '@hardened-mcp/testkit/command'
import { type Store, store } from '@hardened-mcp/testkit/store'
import { ask, type Asked } from '../identity/ask.ts'
import {
  type AuthorizationServer,
  authorizationServer,
  type KeysAnswer,
  rsaKey,
} from '../identity/authorization-server.ts'
import { forge } from '../identity/forge.ts'

const RESOURCE = 'https://mcp.example.com/mcp'
const dir = mkdtempSync(join(tmpdir(), 'drills-'))
const [policyFile, keysFile] = [join(dir, 'policy.json'), join(dir, 'keys.json')]
let issuer: AuthorizationServer
let real: Store
let server: RunningServer
let key = ''
let token = ''

before(async () => {
  issuer = await authorizationServer('files:read')
  real = await store()
  writeFileSync(join(dir, 'ca.pem'), issuer.ca)
  writeFileSync(policyFile, policy())
  key = (
    JSON.parse((await command(['keys', 'mint', '--keys', keysFile, '--name', 'drills'])).stdout) as { key: string }
  ).key
  token = (await issuer.grant({ resource: RESOURCE, scope: 'files:read' })).access_token
})
after(async () => {
  await (server as RunningServer | undefined)?.stop()
  await issuer.close()
  await real.stop()
  rmSync(dir, { recursive: true })
})

const policy = (over: object = {}) => {
  const inside = { network: '127.0.0.1', prefix: 32, ca_file: join(dir, 'ca.pem') }
  return JSON.stringify({
    version: 1,
    servers: {
      file: {
        allowed_tools: ['list_allowed_directories'],
        permissions: ['tool:read_only', 'resource:local', 'sys:file_read'],
        rate_limits: { '*': { per_minute: 6_000, burst: 1_000 } },
        resources: { roots: [{ name: 'docs', path: dir }] },
        ...over,
      },
    },
    oauth: {
      ...{ resource: RESOURCE, scopes: { 'files:read': ['tool:read_only', 'resource:local', 'sys:file_read'] } },
      issuers: [{ name: 'corp', issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/jwks`, tenant: 'acme', inside }],
    },
    limits: { shared: { address: real.address, replicas: 2, on_outage: 'local' } },
  })
}
const call = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'list_allowed_directories', arguments: {} },
}
const start = async () => {
  server = await serveOverHttp([
    ...['file', '--policy', policyFile, '--keys', keysFile, '--audit', join(dir, 'audit'), '--http', '127.0.0.1:0'],
    ...['--workers', '1'],
  ])
}
const withKey = () => ask({ url: server.url }, { authorization: `Bearer ${key}` }, call)
const withToken = () => ask({ url: server.url }, { authorization: `Bearer ${token}` }, call)
const health = () =>
  new Promise<string>((resolve, fail) => {
    request(new URL('/healthz', server.url), (answer) => {
      let body = ''
      answer.on('data', (chunk) => (body += String(chunk)))
      answer.on('end', () => resolve(`${answer.statusCode} ${body.trim()}`))
    })
      .on('error', fail)
      .end()
  })
/** Until it says so, at most thirty seconds on a busy machine; two to eight are usual. */
async function until<Value>(
  what: () => Promise<Value>,
  holds: (value: Value) => boolean,
  says: string,
): Promise<Value> {
  for (let waited = 0; ; waited += 200) {
    const value = await what()
    if (holds(value)) return value
    assert.ok(waited < 30_000, `${says}: ${JSON.stringify(value)}`)
    await delay(200)
  }
}
const good = ({ status, body }: Asked) => status === 200 && body.includes('"content"') && !body.includes('"isError"')
const is = (status: number) => (asked: Asked) => asked.status === status

suite('outages, each with its answer and its way back', () => {
  const KEYS: readonly [what: string, answer: KeysAnswer][] = [
    ['the issuer answers with an error', { status: 503 }],
    ['the key set is not JSON', { body: '<html>' }],
    [
      'the key set is poisoned with a private key',
      { body: '{"keys":[{"kty":"oct","k":"AAAA","kid":"rsa-1","alg":"HS256"}]}' },
    ],
    ['the key set is huge', { body: `{"keys":[],"x":"${'x'.repeat(300_000)}"}` }],
  ]
  test('issuer, cold: tokens 503 with Retry-After, keys go on; with it back, tokens are good', async () => {
    issuer.serveKeys(KEYS[0]?.[1])
    await start()
    for (const [what, answer] of KEYS) {
      issuer.serveKeys(answer)
      const before = issuer.asked().keys
      const refused = await until(withToken, () => issuer.asked().keys > before, what) // backed off until then
      assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '5'], what)
      assert.ok(good(await withKey()), `${what}: keys`)
    }
    issuer.serveKeys(undefined)
    await until(withToken, good, 'back')
  })

  test('issuer, warm: tokens go on with the keys that are known', async () => {
    issuer.serveKeys({ status: 503 })
    for (let n = 0; n < 3; n++) assert.ok(good(await withToken()))
    issuer.serveKeys(undefined)
  })

  test('issuer, warm and slow: who comes with a key that nobody knows waits at most the 3 s, and nobody with him', async () => {
    issuer.serveKeys({ body: '{}', delayMs: 20_000 })
    const common = { issuer: issuer.issuer, resource: RESOURCE, scope: 'files:read', tenant: 'acme' }
    const unknown = forge({ ...common, key: rsaKey('unknown') }).token()
    let waits = true
    const asked = ask({ url: server.url }, { authorization: `Bearer ${unknown}` }, call).finally(() => (waits = false))
    await until(
      async () => issuer.asked().keys,
      (count) => count > 0 && waits,
      'the key set is asked for',
    )
    assert.ok(good(await withToken()))
    assert.ok(good(await withKey()))
    assert.ok(waits, 'answered while the issuer was still being waited for')
    assert.equal((await asked).status, 401)
    issuer.serveKeys(undefined)
    assert.ok(good(await withToken()))
  })

  test('keys file deleted: keys 401, tokens go on; put back, keys are good', async () => {
    const kept = readFileSync(keysFile)
    rmSync(keysFile)
    await until(withKey, is(401), 'deleted')
    assert.ok(good(await withToken()))
    writeFileSync(keysFile, kept, { mode: 0o600 })
    await until(withKey, good, 'put back')
    writeFileSync(keysFile, '{ "version": 1, "keys": [')
    await until(withKey, is(401), 'broken, without the key')
    writeFileSync(keysFile, kept)
    await until(withKey, good, 'mended')
  })

  test('policy broken or deleted: the last good one stays in force, /healthz says so and stays 200', async () => {
    writeFileSync(policyFile, policy().slice(0, 80))
    await until(health, (said) => said === '200 policy_refused', 'broken')
    assert.ok(good(await withKey()))
    rmSync(policyFile)
    await until(health, (said) => said === '200 policy_missing', 'deleted')
    assert.ok(good(await withKey()))
    writeFileSync(policyFile, policy({ allowed_tools: [] }))
    await until(withKey, ({ body }) => body.includes('-32602'), 'a good file takes the tool away')
    writeFileSync(policyFile, policy())
    await until(withKey, good, 'and gives it back')
    assert.equal(await health(), '200 ok')
  })

  test('Valkey down: calls go on with this replica’s part, /healthz says so; back, it is shared again', async () => {
    await real.stop()
    assert.ok(good(await withKey()))
    assert.equal(await health(), '200 limits_local')
    await real.start()
    await until(
      async () => (await withKey(), health()),
      (said) => said === '200 ok',
      'back',
    )
  })

  test('every one of them is on the trail, and the trail is whole', async () => {
    assert.equal((await server.stop()).code, 0)
    const trail = readFileSync(join(dir, 'audit', 'slot-0.jsonl'), 'utf8')
    for (const rule of ['policy_refused', 'policy_missing', 'limits_local', 'unavailable', 'invalid'])
      assert.match(trail, new RegExp(`"rule":"${rule}"`), rule)
    assert.equal((await command(['audit', 'verify', join(dir, 'audit')])).code, 0)
  })
})
