// A bound token is worth nothing without its proof, and a proof is worth one request (RFC 9449).
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { dpopNonce } from '../../packages/host/src/identity/oauth/dpop-nonce.ts'
import { replayCache } from '../../packages/host/src/identity/oauth/replay-cache.ts'
import { ask } from './ask.ts'
import { privateJwk } from './authorization-server.ts'
import { bareJwk, proof, type ProofKey, proofKey, seconds, type Shape } from './forge.ts'
import { RESOURCE, type Stand, stand } from './served.ts'

const keys = { ec: proofKey('ec'), rsa: proofKey('rsa'), ed: proofKey('ed'), other: proofKey('ec') }
let at: Stand
let withNonce: Stand
before(async () => {
  at = await stand()
  withNonce = await stand({ dpop_nonce: true })
})
after(() => Promise.all([at.close(), withNonce.close()]))

const bound = (key: ProofKey, where = at) => where.forge.token({ claims: { cnf: { jkt: key.jkt } } })
const present = (token: string, dpop: string | readonly string[], where = at, scheme = 'DPoP') =>
  ask({ url: where.served.url }, { authorization: `${scheme} ${token}`, dpop })

type Row = readonly [name: string, status: 200 | 401, shape: Shape | ((token: string) => Shape)]
const privateOf = (key: ProofKey) => ({ ...privateJwk(key), kid: undefined, use: undefined, alg: undefined })
const ROWS: readonly Row[] = [
  ['a good proof', 200, {}],
  ['50 s old', 200, () => ({ claims: { iat: seconds(-50) } })],
  ['65 s old', 401, () => ({ claims: { iat: seconds(-65) } })],
  ['from the future', 401, () => ({ claims: { iat: seconds(20) } })],
  ['no time', 401, { claims: { iat: undefined } }],
  ['a time as text', 401, () => ({ claims: { iat: String(seconds()) } })],
  ['no jti', 401, { claims: { jti: undefined } }],
  ['an empty jti', 401, { claims: { jti: '' } }],
  ['a jti that is a number', 401, { claims: { jti: 1 } }],
  ['a jti of 300 characters', 401, { claims: { jti: 'x'.repeat(300) } }],
  ['another method', 401, { claims: { htm: 'GET' } }],
  ['the method in lower case', 401, { claims: { htm: 'post' } }],
  ['no method', 401, { claims: { htm: undefined } }],
  ['another path', 401, { claims: { htu: 'https://mcp.example.com/file/mcp' } }],
  ['another host', 401, { claims: { htu: 'https://evil.example/notes/mcp' } }],
  ['plain http', 401, { claims: { htu: RESOURCE.replace('https', 'http') } }],
  ['the URL with a user', 401, { claims: { htu: RESOURCE.replace('//', '//a@') } }],
  ['the URL with a query, which is not compared', 200, { claims: { htu: `${RESOURCE}?a=b` } }],
  ['the host in capitals', 200, { claims: { htu: RESOURCE.replace('mcp.example.com', 'MCP.EXAMPLE.COM') } }],
  ['the default port', 200, { claims: { htu: RESOURCE.replace('.com', '.com:443') } }],
  ['no URL', 401, { claims: { htu: undefined } }],
  ['the hash of another token', 401, { claims: { ath: 'A'.repeat(43) } }],
  ['no hash of the token', 401, { claims: { ath: undefined } }],
  ['a plain JWT', 401, { header: { typ: 'JWT' } }],
  ['no type', 401, { header: { typ: undefined } }],
  ['no key', 401, { header: { jwk: undefined } }],
  ['a key that is text', 401, { header: { jwk: 'key' } }],
  ['the private key', 401, { header: { jwk: privateOf(keys.ec) } }],
  ['the key of somebody else over its own signature', 401, { key: keys.other, header: { jwk: bareJwk(keys.other) } }],
  ['the right key over the signature of somebody else', 401, { key: keys.other }],
  ['a symmetric key', 401, { alg: 'HS256', secret: 'x', header: { jwk: { kty: 'oct', k: 'eA' } } }],
  ['alg none', 401, { alg: 'none' }],
  ['a critical extension', 401, { header: { crit: ['exp'] } }],
  ['an address of keys (jku)', 401, { header: { jku: 'https://evil.example/' } }],
]

suite('dpopProof()', () => {
  for (const [name, status, shape] of ROWS)
    test(`${status} for ${name}`, async () => {
      const token = bound(keys.ec)
      const asked = await present(
        token,
        proof(keys.ec, RESOURCE, token, typeof shape === 'function' ? shape(token) : shape),
      )
      assert.equal(asked.status, status, JSON.stringify(at.served.events.at(-1)))
      if (status === 401)
        assert.match(asked.challenge, /^DPoP realm="mcp", algs="[^"]+", .*error="invalid_dpop_proof"$/)
    })

  for (const kind of ['rsa', 'ed'] as const)
    test(`takes a proof by a key of kind ${kind}`, async () => {
      const token = bound(keys[kind])
      assert.equal((await present(token, proof(keys[kind], RESOURCE, token))).status, 200)
    })

  test('takes a token that the authorization server bound, and refuses it without the proof', async () => {
    const endpoint = `${at.server.issuer}/token`
    const { ath: _, ...claims } = { htm: 'POST', htu: endpoint, ath: undefined }
    const granted = await at.server.grant({
      ...{ resource: RESOURCE, scope: 'notes:read' },
      dpop: proof(keys.ec, endpoint, '', { claims: { ...claims, ath: undefined } }),
    })
    assert.equal(granted.token_type, 'DPoP', JSON.stringify(granted))
    const token = granted.access_token
    assert.equal((await present(token, proof(keys.ec, RESOURCE, token))).status, 200)
    assert.equal((await present(token, [])).status, 401)
    assert.equal((await present(token, proof(keys.ec, RESOURCE, token), at, 'Bearer')).status, 401)
  })

  test('a token bound to a certificate is not taken with a proof', async () => {
    const token = at.forge.token({ claims: { cnf: { 'x5t#S256': keys.ec.jkt } } })
    assert.equal((await present(token, proof(keys.ec, RESOURCE, token))).status, 401)
  })

  test('a proof works once, and two fields are none', async () => {
    const token = bound(keys.ec)
    const [once, twice] = [proof(keys.ec, RESOURCE, token), proof(keys.ec, RESOURCE, token)]
    assert.equal((await present(token, once)).status, 200)
    assert.equal((await present(token, once)).status, 401)
    assert.equal((await present(token, [twice, proof(keys.ec, RESOURCE, token)])).status, 401)
  })

  test('of a hundred that race with one proof, one passes', async () => {
    const token = bound(keys.ec)
    const once = proof(keys.ec, RESOURCE, token)
    const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await present(token, once)).status))
    assert.equal(statuses.filter((status) => status === 200).length, 1)
  })

  test('with nonces on, the answer brings one, and the next proof passes with it', async () => {
    const token = bound(keys.ec, withNonce)
    const first = await present(token, proof(keys.ec, RESOURCE, token), withNonce)
    assert.equal(first.status, 401)
    assert.match(first.challenge, /error="use_dpop_nonce"$/)
    const nonce = first.headers['dpop-nonce']
    assert.equal((await present(token, proof(keys.ec, RESOURCE, token, { claims: { nonce } }), withNonce)).status, 200)
    for (const wrong of [undefined, '', `${String(nonce)}x`, String(nonce).replace(/.$/, '!'), 7])
      assert.equal(
        (await present(token, proof(keys.ec, RESOURCE, token, { claims: { nonce: wrong } }), withNonce)).status,
        401,
      )
  })
})

suite('dpopNonce() and replayCache()', () => {
  test('a nonce ends after 5 minutes, and is of this process', () => {
    let now = 1_800_000_000_000
    const nonce = dpopNonce(() => now)
    const one = nonce.fresh()
    assert.ok(!dpopNonce(() => now).accepts(one))
    now += 299_999
    assert.ok(nonce.accepts(one))
    now += 1
    assert.ok(!nonce.accepts(one))
  })

  test('one key cannot take the memory of the others, and what is over is forgotten', () => {
    let now = 0
    const cache = replayCache({ forMs: 1_000, now: () => now, elapsed: () => now })
    for (let count = 0; count < 2_000; count++) cache.once('flood', String(count))
    assert.throws(() => cache.once('flood', 'more'), /Too many/)
    cache.once('other', '0')
    now = 1_000
    cache.once('flood', '0')
  })
  test('a used proof is known until its time is over on both clocks, whichever was set', () => {
    const clock = { now: 0, elapsed: 0 }
    const pass = (ms: number) => void ((clock.now += ms), (clock.elapsed += ms))
    const cache = replayCache({ forMs: 1_000, now: () => clock.now, elapsed: () => clock.elapsed })
    const used = () => assert.throws(() => cache.once('a', '1'), /used before/)
    cache.once('a', '1')
    clock.now += 60_000 // set forwards, somebody calls, and set right again
    cache.once('a', '2')
    clock.now -= 60_000
    used()
    clock.now -= 10_000 // set back: the proof is of the future for so long, and then good again
    for (let passed = 0; passed < 10; passed++) {
      pass(1_000)
      used()
    }
    pass(1_000)
    cache.once('a', '1')
  })

  test('a clock that was set back holds no caller back, and the memory stays bounded', () => {
    const clock = { now: 3_600_000, elapsed: 0 }
    const cache = replayCache({ forMs: 1_000, now: () => clock.now, elapsed: () => clock.elapsed })
    const fill = () => {
      for (let count = 0; count < 2_000; count++) cache.once('a', `${clock.elapsed} ${count}`)
    }
    fill()
    clock.now = 0
    for (let second = 1; second <= 40; second++) {
      clock.now += 1_000
      clock.elapsed += 1_000
      fill() // 80 000 in all, of 50 000 that fit at once
    }
    clock.now += 1_000
    clock.elapsed += 1_000
    assert.throws(() => cache.once('a', '0 0'), /used before/)
  })
})
