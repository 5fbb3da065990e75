// The clock is set while the server serves, forwards and back: what has a date follows it, what counts time does not, and nothing stays shut behind it.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { capabilities, rateLimit } from '@hardened-mcp/security-core'
import { fakeAudit } from '@hardened-mcp/testkit'
import { mintKey, updateKeysFile } from '@hardened-mcp/host/admin'
import { oauthSection } from '../../packages/host/src/identity/oauth/config.ts'
import { openLedger } from '../../packages/host/src/limits/open-ledger.ts'
import { notes } from '../../packages/host/src/mcp/fixture/notes.ts'
import { serve, type ServeOptions, type Serving } from '../../packages/host/src/serve.ts'
import { ask } from '../identity/ask.ts'
import { type AuthorizationServer, authorizationServer } from '../identity/authorization-server.ts'
import { type Forge, forge, proof, proofKey, seconds } from '../identity/forge.ts'

const RESOURCE = 'https://mcp.example.com/mcp'
const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000]
const POLICY = {
  allowed_tools: new Set(['read_note']),
  denied_tools: new Set<string>(),
  permissions: new Set(['tool:read_only'] as const),
}
const CALL = {
  ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
  params: { name: 'read_note', arguments: { name: 'x' } },
}

// The wall clock of this process, and with it of the server; `performance.now()` goes on as ever.
const rightNow = Date.now
let stepMs = 0
Date.now = () => rightNow() + stepMs
const dir = mkdtempSync(join(tmpdir(), 'clock-'))
let issuer: AuthorizationServer
let tokens: Forge
let serving: Serving
let key = ''

before(async () => {
  issuer = await authorizationServer('notes:read')
  writeFileSync(join(dir, 'ca.pem'), issuer.ca)
  tokens = forge({
    issuer: issuer.issuer,
    resource: RESOURCE,
    scope: 'notes:read',
    key: issuer.keys.rsa,
    tenant: 'acme',
  })
  const minted = mintKey({ name: 'clock', tenant: 'acme', can: ['tool:read_only'], now: rightNow(), ttlMs: HOUR_MS })
  key = minted.raw
  await updateKeysFile(join(dir, 'keys.json'), () => [minted.record])
  const { ledger } = await openLedger(undefined, () => undefined)
  const rate = { perMinute: 1, burst: 5 }
  const limits = { rates: new Map([['read_note', rate]]), concurrent: new Map<string, number>() }
  const current = () => ({ caller: limits, tenants: new Map() })
  const served = notes({ guards: [capabilities(() => POLICY), rateLimit({ current, ledger })] })
  const inside = { network: '127.0.0.1', prefix: 32, ca_file: join(dir, 'ca.pem') }
  const oauth = oauthSection.parse({
    ...{ resource: RESOURCE, scopes: { 'notes:read': ['tool:read_only'] }, dpop_nonce: true },
    issuers: [{ name: 'corp', issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/jwks`, tenant: 'acme', inside }],
  })
  const transport = { kind: 'http', host: '127.0.0.1', port: 0, keysFile: join(dir, 'keys.json'), oauth }
  serving = await serve({
    config: { server: 'notes', transport },
    registry: served.registry,
    audit: fakeAudit().sink,
    live: { current: () => ({ revoked: new Set(), ceiling: undefined }), close: () => undefined },
    log: { warn: () => undefined },
    ...{ healthy: () => true, trouble: () => undefined, notReady: () => [] },
    ...{ report: () => undefined, hear: () => undefined, onClose: () => undefined },
  } as unknown as ServeOptions)
})
after(async () => {
  Date.now = rightNow
  await serving.close()
  await issuer.close()
  rmSync(dir, { recursive: true })
})

// Clients and issuer keep the right time: what they write is dated by it.
const rightly = <Made>(make: () => Made): Made => {
  const kept = stepMs
  stepMs = 0
  try {
    return make()
  } finally {
    stepMs = kept
  }
}
const fresh = (claims: object = {}) =>
  rightly(() => tokens.token({ claims: { iat: seconds(), exp: seconds(600), ...claims } }))
const send = (authorization: string, dpop?: string, message?: object) =>
  ask({ url: serving.url ?? '' }, { authorization, ...(dpop === undefined ? {} : { dpop }) }, message)
const statusOf = async (token: string) => (await send(`Bearer ${token}`)).status
// At once: `ask` would wait as a 429 says.
const guess = async () =>
  (
    await fetch(serving.url ?? '', {
      method: 'POST',
      headers: { authorization: 'Bearer mcp_guessed', 'content-type': 'application/json' },
    })
  ).status
const at = async <Value>(ms: number, what: () => Promise<Value>): Promise<Value> => {
  stepMs = ms
  try {
    return await what()
  } finally {
    stepMs = 0
  }
}

suite('the clock is set while the server serves', () => {
  test('a few seconds, as corrections are: nobody notices', async () => {
    for (const ms of [20_000, -20_000])
      assert.deepEqual(await at(ms, () => Promise.all([statusOf(key), statusOf(fresh())])), [200, 200])
  })

  test('two hours forwards: keys and tokens are over, 401, and good again at once when it is right', async () => {
    const known = fresh()
    assert.equal(await statusOf(known), 200)
    const statuses = () => Promise.all([statusOf(key), statusOf(known), statusOf(fresh())])
    assert.deepEqual(await at(2 * HOUR_MS, statuses), [401, 401, 401])
    assert.deepEqual(await statuses(), [200, 200, 200])
  })

  test('two hours back: new tokens are of the future, 401; keys go on; and good again at once', async () => {
    const statuses = () => Promise.all([statusOf(key), statusOf(fresh())])
    assert.deepEqual(await at(-2 * HOUR_MS, statuses), [200, 401])
    assert.deepEqual(await statuses(), [200, 200])
  })

  test('either way the key set keeps its age: it is not asked for again, and not given up', async () => {
    const { keys } = issuer.asked()
    issuer.serveKeys({ status: 503 })
    for (const ms of [9 * MINUTE_MS, -9 * MINUTE_MS, 0]) {
      const token = rightly(() => tokens.token({ claims: { iat: seconds(ms / 1000), exp: seconds(ms / 1000 + 600) } }))
      assert.equal(await at(ms, () => statusOf(token)), 200, String(ms))
    }
    issuer.serveKeys(undefined)
    assert.equal(issuer.asked().keys, keys)
  })

  test('a proof that was used stays used, whichever way the clock goes and comes back; a nonce keeps its age', async () => {
    const holder = proofKey()
    const token = fresh({ cnf: { jkt: holder.jkt } })
    const first = await send(
      `DPoP ${token}`,
      rightly(() => proof(holder, RESOURCE, token)),
    )
    const nonce = first.headers['dpop-nonce']
    const made = () => rightly(() => proof(holder, RESOURCE, token, { claims: { nonce } }))
    const present = async (one: string) => (await send(`DPoP ${token}`, one)).status
    const used = made()
    assert.equal(await present(used), 200)
    assert.equal(await at(5 * MINUTE_MS, () => present(made())), 401, 'a proof of the right time is too old there')
    const there = rightly(() => proof(holder, RESOURCE, token, { claims: { nonce, iat: seconds(300) } }))
    assert.equal(await at(5 * MINUTE_MS, () => present(there)), 200, 'and one of its time takes the old nonce')
    assert.equal(await present(used), 401, 'nothing was forgotten on the way')
    assert.equal(await present(made()), 200)
  })

  test('a rate that is used up is so on both sides of a step, for as long as before', async () => {
    const refused = async () => /rate_limited/.test((await send(`Bearer ${key}`, undefined, CALL)).body)
    for (let count = 0; count < 5; count++) assert.equal(await refused(), false)
    for (const ms of [0, 30 * MINUTE_MS, -HOUR_MS]) assert.equal(await at(ms, refused), true, String(ms))
    const { body } = await send(`Bearer ${key}`, undefined, CALL)
    const wait = Number(/"retry_after_ms":(\d+)/.exec(body)?.[1])
    assert.ok(wait > 0 && wait <= MINUTE_MS, `${wait} ms: one interval at most`)
  })

  test('and so are the guesses of an address', async () => {
    let status = 0
    for (let count = 0; count < 12 && status !== 429; count++) status = await guess()
    assert.equal(status, 429)
    for (const ms of [30 * MINUTE_MS, -HOUR_MS]) assert.equal(await at(ms, guess), 429, String(ms))
    assert.equal(await at(-HOUR_MS, () => statusOf(key)), 200, 'a good key is not held back')
  })
})
