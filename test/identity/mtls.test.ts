// A token bound to a certificate works on a connection that has shown its key, and on no other (RFC 8705 §3); real TLS, real authorization server.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { Agent } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { after, before, suite, test } from 'node:test'
import { type Authority, type Certificate, certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { ask, look } from './ask.ts'
import { proof, proofKey } from './forge.ts'
import { RESOURCE, type Stand, stand } from './served.ts'

const thumbprint = ({ cert }: Certificate) =>
  Buffer.from(new X509Certificate(cert).fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const key = proofKey()

let authority: Authority
let mine: Certificate
let theirs: Certificate
let optional: Stand
let required: Stand
let plain: Stand
before(async () => {
  authority = await certificateAuthority()
  const tls = await authority.issue(['127.0.0.1'])
  // No authority that the server knows has signed the clients' certificates: their digest is all that counts.
  const strangers = await certificateAuthority('nobody')
  mine = await strangers.issue(['agent'], { of: 'client' })
  theirs = await strangers.issue(['agent'], { of: 'client' })
  optional = await stand({}, { mtls: 'optional' }, {}, { tls, boundToCertificates: true })
  required = await stand({}, { mtls: 'required' }, {}, { tls, boundToCertificates: true })
  plain = await stand({}, { mtls: 'optional' })
})
after(() => Promise.all([optional.close(), required.close(), plain.close()]))

const at = ({ served }: Stand, own?: Certificate, agent = new Agent()) => ({
  ...{ url: served.url, ca: authority.ca, own: { ...own, agent } },
})
const bound = (cnf: unknown, where = optional) => where.forge.token({ claims: { cnf } })
const toMine = () => ({ 'x5t#S256': thumbprint(mine) })

suite('tokens that are bound to a certificate', () => {
  test('of the authorization server pass with the certificate that it saw, JWT and opaque', async () => {
    for (const [where, client] of [
      [optional, 'mtls-agent'],
      [required, 'mtls-agent'],
      [optional, 'mtls-opaque-agent'],
    ] as const) {
      const granted = await where.server.grant({ client, resource: RESOURCE, scope: 'notes:read', own: mine })
      assert.equal(granted.status, 200, JSON.stringify(granted))
      assert.equal((await ask(at(where, mine), bearer(granted.access_token))).status, 200)
      for (const other of [theirs, undefined]) {
        const refused = await ask(at(where, other), bearer(granted.access_token))
        assert.equal(refused.status, 401)
        assert.match(refused.challenge, /error="invalid_token"/)
        const event = where.served.events.at(-1)
        assert.ok(event?.ok === false && event.reason === 'The token is of another certificate')
      }
    }
  })

  const rows: readonly [string, 200 | 401, () => unknown, (() => Certificate | undefined)?][] = [
    ['the right digest', 200, toMine],
    ['the certificate of somebody else', 401, toMine, () => theirs],
    ['no certificate', 401, toMine, () => undefined],
    ['a digest in hex', 401, () => ({ 'x5t#S256': Buffer.from(thumbprint(mine), 'base64url').toString('hex') })],
    ['a digest with padding', 401, () => ({ 'x5t#S256': `${thumbprint(mine)}=` })],
    ['an empty digest', 401, () => ({ 'x5t#S256': '' })],
    ['a list of digests', 401, () => ({ 'x5t#S256': [thumbprint(mine)] })],
    ['the digest of SHA-1 beside it', 401, () => ({ ...toMine(), x5t: 'A'.repeat(27) })],
    ['a binding beside it that nobody knows', 401, () => ({ ...toMine(), jwk: {} })],
    ['a binding to a key beside it, as Bearer', 401, () => ({ ...toMine(), jkt: key.jkt })],
    ['no binding at all', 200, () => undefined],
  ]
  for (const [name, status, cnf, own = () => mine] of rows)
    test(`${status} for ${name}`, async () => {
      const asked = await ask(at(optional, own()), bearer(bound(cnf())))
      assert.equal(asked.status, status, JSON.stringify(optional.served.events.at(-1)))
    })

  test('to a key as well: both are asked for', async () => {
    const token = bound({ ...toMine(), jkt: key.jkt })
    const fields = () => ({ authorization: `DPoP ${token}`, dpop: proof(key, RESOURCE, token) })
    assert.equal((await ask(at(optional, mine), fields())).status, 200)
    assert.equal((await ask(at(optional, theirs), fields())).status, 401)
    assert.equal((await ask(at(optional, mine), { authorization: `DPoP ${token}` })).status, 401)
  })

  test('a token that was believed a moment ago is refused on the connection of another', async () => {
    const token = bound(toMine())
    const statuses = []
    for (const own of [mine, theirs, mine, undefined])
      statuses.push((await ask(at(optional, own), bearer(token))).status)
    assert.deepEqual(statuses, [200, 401, 200, 401])
  })

  test('pass on a resumed session too, which has the certificate of its first handshake', async () => {
    const agent = new Agent({ maxCachedSessions: 1 })
    const resumed: boolean[] = []
    const keeping = at(optional, mine, agent)
    const createConnection = agent.createConnection.bind(agent)
    agent.createConnection = (...given) => {
      const socket = createConnection(...given) as TLSSocket
      socket.once('secureConnect', () => resumed.push(socket.isSessionReused()))
      return socket
    }
    for (let round = 0; round < 3; round++) assert.equal((await ask(keeping, bearer(bound(toMine())))).status, 200)
    assert.deepEqual(resumed, [false, true, true])
  })

  test('required: a token that is bound to nothing, or to a key alone, is refused', async () => {
    assert.equal((await ask(at(required, mine), bearer(bound(undefined, required)))).status, 401)
    const token = bound({ jkt: key.jkt }, required)
    const fields = { authorization: `DPoP ${token}`, dpop: proof(key, RESOURCE, token) }
    assert.equal((await ask(at(required, mine), fields)).status, 401)
  })

  test('without TLS in this process nothing can be seen, and they are refused', async () =>
    assert.equal((await ask({ url: plain.served.url }, bearer(bound(toMine(), plain)))).status, 401))

  test('the resource says that it takes them', async () => {
    const { href } = new URL('/.well-known/oauth-protected-resource', optional.served.url)
    const said = JSON.parse((await look({ ...at(optional), url: href })).body) as Record<string, unknown>
    assert.equal(said['tls_client_certificate_bound_access_tokens'], true)
  })
})

suite('a client CA', () => {
  test('lets nobody in who has no certificate of it, whatever credential is brought', async () => {
    const tls = { ...(await authority.issue(['127.0.0.1'])), ca: authority.ca }
    const closed = await stand({}, {}, {}, { tls })
    try {
      const known = await authority.issue(['agent'], { of: 'client' })
      const [server, over] = [
        await authority.issue(['agent']),
        await authority.issue(['agent'], { of: 'client', validDays: -1 }),
      ]
      const token = closed.forge.token()
      assert.equal((await ask(at(closed, known), bearer(token))).status, 200)
      assert.equal((await ask(at(closed, known), {})).status, 401)
      for (const own of [undefined, mine, server, over]) await assert.rejects(ask(at(closed, own), bearer(token)))
      assert.deepEqual(
        closed.served.events.map(({ ok }) => ok),
        [true, false],
      )
    } finally {
      await closed.close()
    }
  })
})
