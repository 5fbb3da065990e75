// Opaque tokens are what their issuer says of them (RFC 7662); and what each outage of the issuer looks like from outside.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { ask } from './ask.ts'
import { rsaKey } from './authorization-server.ts'
import { RESOURCE, type Stand, stand } from './served.ts'

let at: Stand
before(async () => {
  at = await stand()
})
after(() => at.close())

const statusOf = async (token: string) =>
  (await ask({ url: at.served.url }, { authorization: `Bearer ${token}` })).status
const opaque = async (resource = RESOURCE) =>
  (await at.server.grant({ client: 'opaque-agent', resource, scope: 'notes:read' })).access_token

suite('introspection()', () => {
  test('a token of the issuer passes, asked for once however often it comes', async () => {
    const token = await opaque()
    assert.ok(!token.includes('.'))
    const before = at.server.asked().introspection
    const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf(token)))
    assert.deepEqual(new Set(statuses), new Set([200]), JSON.stringify(at.served.events.at(-1)))
    assert.equal(at.server.asked().introspection, before + 1)
    const event = at.served.events.at(-1)
    assert.ok(event?.ok === true && event.caller.tenant === 'acme' && event.caller.id === 'first:opaque-agent')
  })

  test('a token for another audience, and one that nobody issued, are refused', async () => {
    assert.equal(await statusOf(await opaque('https://other.example/mcp')), 401)
    assert.equal(await statusOf('A'.repeat(43)), 401)
  })

  test('a made-up token asks the issuer once in ten seconds', async () => {
    const before = at.server.asked().introspection
    for (let count = 0; count < 20; count++) assert.equal(await statusOf('B'.repeat(43)), 401)
    assert.equal(at.server.asked().introspection, before + 1)
    assert.equal(await statusOf('short'), 401)
    assert.equal(at.server.asked().introspection, before + 1)
  })

  test('a revoked token is believed for 30 s at most', async () => {
    const token = await opaque()
    assert.equal(await statusOf(token), 200)
    assert.equal(await at.server.revoke(token), 200)
    at.later(30_000)
    assert.equal(await statusOf(token), 401)
  })
})

suite('outages of the issuer', () => {
  const BAD: readonly [name: string, Parameters<Stand['server']['serveKeys']>[0]][] = [
    ['an error', { status: 500 }],
    ['a redirect', { status: 302, headers: { location: 'https://127.0.0.1/jwks' } }],
    ['no JSON', { body: '<html>' }],
    ['a double key', { body: '{"keys":[],"keys":[]}' }],
    ['a set of 300 KiB', { body: JSON.stringify({ keys: [], more: 'x'.repeat(300 * 1024) }) }],
    ['a symmetric key under the kid of the token', { body: '{"keys":[{"kty":"oct","k":"AA","kid":"rsa-1"}]}' }],
    ['an answer after the 3 s', { body: '{}', delayMs: 4_000 }],
  ]
  for (const [name, answer] of BAD)
    test(`cold, ${name}: 503 with Retry-After, then 200 by itself`, async () => {
      const cold = await stand()
      after(() => cold.close())
      const fields = { authorization: `Bearer ${cold.forge.token()}` }
      cold.server.serveKeys(answer)
      const asked = await ask({ url: cold.served.url }, fields)
      assert.equal(asked.status, 503)
      assert.equal(asked.headers['retry-after'], '5')
      assert.equal(asked.challenge, '')
      cold.server.serveKeys(undefined)
      cold.later(61_000)
      assert.equal((await ask({ url: cold.served.url }, fields)).status, 200)
    })

  test('warm: known tokens pass for an hour, a key that left is refused, and so is its remembered token', async () => {
    const warm = await stand()
    after(() => warm.close())
    const token = warm.forge.token()
    const ofToken = async () => (await ask({ url: warm.served.url }, { authorization: `Bearer ${token}` })).status
    assert.equal(await ofToken(), 200)
    warm.server.serveKeys({ status: 503 })
    warm.later(59 * 60_000)
    assert.equal(await ofToken(), 200)
    warm.later(2 * 60_000)
    assert.equal(await ofToken(), 503)
    const { n, e, kty } = rsaKey('x').key.export({ format: 'jwk' })
    warm.server.serveKeys({ body: JSON.stringify({ keys: [{ n, e, kty, kid: 'new', alg: 'RS256' }] }) })
    warm.later(61_000)
    assert.equal(await ofToken(), 401)
  })
})
