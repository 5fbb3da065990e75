// A request has one verified caller or none, also on a real socket; stdio has the user of the process.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { mintKey } from './api-key.ts'
import { updateKeysFile } from './api-key-file.ts'
import { type ApiKeyStore, apiKeyStore } from './api-key-store.ts'
import { type Authentication, httpAuthenticator } from './http-authenticator.ts'
import { localIdentity } from './local.ts'

const now = Date.parse('2026-03-01T12:00:00Z')
const order = { name: 'agent', tenant: 'acme', can: ['tool:read_only'], now, ttlMs: 60_000 } as const
const [good, revoked] = [mintKey(order), mintKey(order)]

suite('httpAuthenticator()', () => {
  const dir = mkdtempSync(join(tmpdir(), 'keys-'))
  let store: ApiKeyStore
  before(async () => {
    const file = join(dir, 'keys.json')
    await updateKeysFile(file, () => [good.record, { ...revoked.record, revoked: '2026-03-01T00:00:00Z' }])
    store = apiKeyStore({ file, now: () => now })
  })
  after(() => {
    store.close()
    rmSync(dir, { recursive: true })
  })

  for (const field of [`Bearer ${good.raw}`, `ApiKey ${good.raw}`, `bearer ${good.raw.slice(0, 47)}`])
    test(`knows the caller of ${field.slice(0, 7)}`, async () => {
      const answer = await httpAuthenticator(store)({ authorization: [field], dpop: [] })
      assert.ok(answer.ok)
      assert.equal(answer.caller.id, good.record.id)
      assert.equal(answer.caller.auth, 'api_key')
    })

  const refused: readonly [readonly string[], 'missing' | 'invalid'][] = [
    [[], 'missing'],
    [[''], 'invalid'],
    [[`Basic ${good.raw}`], 'invalid'],
    [[`DPoP ${good.raw}`], 'invalid'],
    [[`Bearer eyJ.eyJ.sig`], 'invalid'],
    [[good.raw], 'invalid'],
    [[`Bearer ${good.raw} `], 'invalid'],
    [[`Bearer ${good.raw}=`], 'invalid'],
    [[`Bearer ${good.raw}`, `Bearer ${good.raw}`], 'invalid'],
    [[`Bearer ${revoked.raw}`], 'invalid'],
    [[`Bearer ${mintKey(order).raw}`], 'invalid'],
  ]
  for (const [values, failure] of refused)
    test(`refuses ${JSON.stringify(values.map((value) => value.slice(0, 12)))} as ${failure}`, async () => {
      const answer = await httpAuthenticator(store)({ authorization: values, dpop: [] })
      assert.ok(!answer.ok)
      assert.equal(answer.failure, failure)
      assert.ok(!answer.reason.includes(good.raw.slice(0, 12)))
    })

  // What node:http makes of a repeated field is part of the rule: `headers` keeps the first, `headersDistinct` shows both.
  test('sees both of two fields on a real socket', async () => {
    const answers: Authentication[] = []
    const server = createServer((request: IncomingMessage, response) => {
      const authorization = request.headersDistinct['authorization'] ?? []
      void Promise.resolve(httpAuthenticator(store)({ authorization, dpop: [] })).then((answer) => {
        answers.push(answer)
        response.end()
      })
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const field = `Authorization: Bearer ${good.raw}\r\n`
    for (const fields of [field, field + field.toUpperCase().replace(good.raw.toUpperCase(), good.raw), '']) {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
      socket.end(`GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${fields}\r\n`)
      await new Promise((resolve) => socket.resume().once('close', resolve))
    }
    server.close()
    assert.deepEqual(
      answers.map((answer) => (answer.ok ? 'ok' : answer.failure)),
      ['ok', 'invalid', 'missing'],
    )
  })
})

suite('localIdentity()', () => {
  test('is the user of the process, with what the policy permits', () => {
    const caller = localIdentity({ uid: 1000, permissions: new Set(['tool:read_only', 'resource:local'] as const) })
    assert.equal(caller.id, 'local:1000')
    assert.equal(caller.tenant, 'local')
    assert.equal(caller.auth, 'local')
    assert.deepEqual([...caller.can], ['tool:read_only', 'resource:local'])
    assert.equal(localIdentity({ uid: 0, permissions: [] }).can.size, 0)
  })
})
