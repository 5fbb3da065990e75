// What the broker asks an issuer for, what it believes of the answer, and how long it keeps it: against an issuer that answers as it is told.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, suite, test } from 'node:test'
import { Denial, type Principal, principal } from '@hardened-mcp/security-core'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { type CredentialBroker, credentialBroker } from '../../packages/host/src/identity/credential-broker.ts'

const [ORDERS, STOCK] = ['https://orders.example.com/mcp', 'https://stock.example.com/mcp']
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const GOOD = { access_token: 'a-token-for-the-next-server', token_type: 'Bearer', expires_in: 300 }
const dir = mkdtempSync(join(tmpdir(), 'broker-'))
let issuer: Server
let broker: CredentialBroker
let atMs = 0
let answer: Readonly<{ status: number; said: object }>
let asked: URLSearchParams[] = []
let credentials: (string | undefined)[] = []
const held = new Map<Principal, Readonly<{ token: string; scopes: readonly string[] }>>()

const caller = (token?: string, scopes = ['read', 'write']) => {
  const who = principal({ id: 'corp:alice', tenant: 'acme', auth: 'oauth', can: [] })
  if (token !== undefined) held.set(who, { token, scopes })
  return who
}
const alice = caller('token-of-alice-0123456789')

before(async () => {
  const authority = await certificateAuthority()
  issuer = createServer(await authority.issue(['127.0.0.1']), (request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += String(chunk)))
    request.on('end', () => {
      asked.push(new URLSearchParams(body))
      credentials.push(request.headers.authorization)
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.said))
    })
  })
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
  const { port } = issuer.address() as AddressInfo
  writeFileSync(join(dir, 'secret'), 'p:ss w/rd\n')
  broker = credentialBroker({
    config: {
      ...{ tokenEndpoint: `https://127.0.0.1:${port}/token`, clientId: 'shop', secretFile: join(dir, 'secret') },
      targets: { [ORDERS]: ['read', 'write'], [STOCK]: ['read'] },
      internal: [{ host: '127.0.0.1', port, network: '127.0.0.1', prefix: 32, ca: authority.ca }],
    },
    tokenOf: (who) => held.get(who),
    elapsed: () => atMs,
  })
})
after(() => {
  issuer.close()
  issuer.closeAllConnections()
  rmSync(dir, { recursive: true })
})
beforeEach(() => {
  atMs += 3_600_000 // what was kept before is over
  answer = { status: 200, said: GOOD }
  asked = []
  credentials = []
})

const ask = (over: Partial<Parameters<CredentialBroker>[0]> = {}) =>
  broker({ caller: alice, resource: ORDERS, scope: ['read'], ...over })
const code = (over?: Parameters<typeof ask>[0]) =>
  ask(over).then(
    () => 'given',
    (thrown: unknown) => (thrown instanceof Denial ? thrown.code : String(thrown)),
  )

suite('credentialBroker()', () => {
  test('asks for one server, the scope of this call and nothing more, under its own name', async () => {
    await ask()
    assert.deepEqual(Object.fromEntries(asked[0] ?? []), {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'token-of-alice-0123456789',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      ...{ resource: ORDERS, scope: 'read' },
    })
    const pair = Buffer.from(credentials[0]?.slice('Basic '.length) ?? '', 'base64').toString()
    assert.equal(pair, 'shop:p%3Ass%20w%2Frd')
  })

  test('the headers are made here: the new token, and of the trace a span of its own', async () => {
    const { traceparent = '', ...headers } = await ask({ trace: TRACE })
    assert.deepEqual(headers, {
      authorization: 'Bearer a-token-for-the-next-server',
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    })
    assert.match(traceparent, /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/)
    assert.notEqual(traceparent, TRACE)
    assert.equal((await ask({ trace: 'baggage=x' }))['traceparent'], undefined)
  })

  test('what caller or operator do not have is not even asked for', async () => {
    const narrow = caller('token-of-a-narrow-caller', ['read'])
    const refused: readonly Parameters<typeof ask>[0][] = [
      { scope: ['admin'] },
      { scope: ['read', 'admin'] },
      { scope: [] },
      { caller: narrow, scope: ['write'] },
      { resource: STOCK, scope: ['write'] },
      { resource: 'https://elsewhere.example.com/mcp' },
      { resource: 'constructor' },
      { caller: caller() },
    ]
    for (const each of refused) assert.equal(await code(each), 'policy_denied', JSON.stringify(each))
    assert.equal(asked.length, 0)
    assert.equal(await code({ scope: ['read', 'write'] }), 'given')
    assert.equal(await code({ resource: STOCK }), 'given')
  })

  test('an answer that is more, less or other than was asked for is none', async () => {
    const answers: readonly [expected: string, status: number, said: object][] = [
      ['policy_denied', 400, { error: 'invalid_grant' }],
      ['policy_denied', 201, GOOD],
      ['upstream_failed', 200, { ...GOOD, access_token: undefined }],
      ['upstream_failed', 200, { ...GOOD, access_token: 'two words of sixteen' }],
      ['upstream_failed', 200, { ...GOOD, access_token: 'short' }],
      ['upstream_failed', 200, { ...GOOD, token_type: 'DPoP' }],
      ['upstream_failed', 200, { ...GOOD, token_type: undefined }],
      ['upstream_failed', 200, { ...GOOD, scope: 'read write' }],
      ['given', 200, { ...GOOD, token_type: 'bearer', scope: 'read' }],
    ]
    for (const [expected, status, said] of answers) {
      answer = { status, said }
      atMs += 3_600_000
      assert.equal(await code(), expected, JSON.stringify([status, said]))
    }
  })

  test('a token is kept for five minutes at most, and not to its last half minute', async () => {
    const kept = async (said: object, ms: number) => {
      answer = { status: 200, said }
      atMs += 3_600_000
      asked = []
      await ask()
      atMs += ms
      await ask()
      return asked.length === 1
    }
    assert.equal(await kept(GOOD, 269_999), true)
    assert.equal(await kept(GOOD, 270_000), false)
    assert.equal(await kept({ ...GOOD, expires_in: 86_400 }, 299_999), true)
    assert.equal(await kept({ ...GOOD, expires_in: 86_400 }, 300_000), false)
    assert.equal(await kept({ ...GOOD, expires_in: undefined }, 0), false)
    assert.equal(await kept({ ...GOOD, expires_in: '86400' }, 0), false)
  })

  test('and for one caller, one server and one scope alone', async () => {
    const bob = caller('token-of-bob-0123456789abc')
    for (const each of [{}, { caller: bob }, { resource: STOCK }, { scope: ['read', 'write'] }]) await ask(each)
    assert.equal(asked.length, 4)
    for (const each of [{}, { caller: bob }, { resource: STOCK }, { scope: ['read', 'write'] }]) await ask(each)
    assert.equal(asked.length, 4)
  })
})
