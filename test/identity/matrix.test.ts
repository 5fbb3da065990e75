// Access tokens of a real authorization server are taken, every forgery of the matrix is refused, and each refusal says what RFC 6750 asks for.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { ask, look } from './ask.ts'
import { RESOURCE, type Stand, stand } from './served.ts'
import { TOKEN_CASES } from './token-cases.ts'

let at: Stand
before(async () => {
  at = await stand()
})
after(() => at.close())

const CALL = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'read_note', arguments: { name: 'x' } } }
const METADATA_URL = 'https://mcp.example.com/.well-known/oauth-protected-resource/notes/mcp'
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const url = () => at.served.url

suite('the matrix of access tokens', () => {
  for (const { group, name, status, fields } of TOKEN_CASES)
    test(`${group}: ${status} for ${name}`, async () => {
      const asked = await ask({ url: url() }, fields(at))
      assert.equal(asked.status, status, JSON.stringify(at.served.events.at(-1)))
      if (status === 200) return
      if (status === 403)
        return assert.deepEqual([asked.challenge, asked.body.includes('may not act here')], ['', true])
      assert.match(
        asked.challenge,
        /^Bearer realm="mcp", resource_metadata="[^"]+", scope="notes:read", error="invalid_token", DPoP /,
      )
      assert.deepEqual(JSON.parse(asked.body), {
        jsonrpc: '2.0',
        error: { code: -32000, message: 'Authentication is needed' },
      })
      const event = at.served.events.at(-1)
      assert.ok(event?.ok === false && event.failure === 'invalid' && /^[A-Za-z][^\n]{5,90}$/.test(event.reason))
    })
})

suite('tokens that the authorization server issued', () => {
  test('are the caller of its subject and tenant', async () => {
    const granted = await at.server.grant({ resource: RESOURCE, scope: 'notes:read' })
    assert.equal(granted.status, 200, JSON.stringify(granted))
    const asked = await ask({ url: url() }, bearer(granted.access_token), CALL)
    assert.equal(asked.status, 200, JSON.stringify(at.served.events.at(-1)))
    assert.match(asked.body, /"note":"x"/)
    const event = at.served.events.at(-1)
    assert.ok(event?.ok === true)
    const { id, tenant, auth, can } = event.caller
    assert.deepEqual([id, tenant, auth, [...can]], ['first:agent', 'acme', 'oauth', ['tool:read_only']])
  })

  test('for another resource are refused', async () => {
    const granted = await at.server.grant({ resource: 'https://other.example/mcp', scope: 'notes:read' })
    assert.equal(granted.status, 200)
    assert.equal((await ask({ url: url() }, bearer(granted.access_token))).status, 401)
  })

  test('of two issuers are two callers, though the subject has one name', async () => {
    await ask({ url: url() }, bearer(at.second.token()))
    const event = at.served.events.at(-1)
    assert.ok(event?.ok === true)
    assert.deepEqual([event.caller.id, event.caller.tenant], ['second:agent', 'globex'])
  })
})

suite('the scope gate', () => {
  const scoped = (scope: string | undefined) => bearer(at.forge.token({ claims: { scope } }))
  test('admits the scope, a wider one, and a list that holds it', async () => {
    for (const scope of ['notes:read', 'notes:admin', 'openid notes:read other'])
      assert.equal((await ask({ url: url() }, scoped(scope), CALL)).status, 200, scope)
  })

  for (const scope of [undefined, '', 'other', 'notes', 'notes:reader', 'NOTES:READ', 'tool:read_only'])
    test(`answers the scope ${scope} with 403 and the scopes of the call`, async () => {
      const asked = await ask({ url: url() }, scoped(scope), CALL)
      assert.equal(asked.status, 403)
      const expected = `Bearer realm="mcp", resource_metadata="${METADATA_URL}", scope="notes:read", error="insufficient_scope"`
      assert.equal(asked.challenge, expected)
      const event = at.served.events.at(-1)
      assert.ok(event?.ok === false && event.failure === 'insufficient_scope' && event.caller.tenant === 'acme')
    })

  test('does not tell of a tool that the policy hides: the answer is that of one which does not exist', async () => {
    const named = (name: string) => ({ ...CALL, params: { ...CALL.params, name } })
    const [hidden, unknown] = [
      await ask({ url: url() }, scoped('other'), named('hidden_note')),
      await ask({ url: url() }, scoped('other'), named('nothing')),
    ]
    assert.equal(hidden.status, 200)
    assert.equal(hidden.body, unknown.body)
  })

  test('shows a caller only what its scope is enough for', async () => {
    const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
    assert.match((await ask({ url: url() }, scoped('notes:read'), list)).body, /read_note/)
    assert.match((await ask({ url: url() }, scoped('other'), list)).body, /"tools":\[\]/)
  })
})

suite('what the resource says of itself', () => {
  test('without a credential: a challenge without error, and the metadata at every well-known place', async () => {
    const asked = await ask({ url: url() }, {})
    assert.equal(asked.status, 401)
    assert.equal(
      asked.headers['www-authenticate'],
      `Bearer realm="mcp", resource_metadata="${METADATA_URL}", scope="notes:read", DPoP realm="mcp", algs="ES256 EdDSA Ed25519 PS256 RS256", resource_metadata="${METADATA_URL}"`,
    )
    for (const place of ['', '/notes/mcp', '/mcp']) {
      const found = await look({ url: new URL(`/.well-known/oauth-protected-resource${place}`, url()).href })
      assert.equal(found.status, 200, place)
      const {
        resource,
        authorization_servers: servers,
        scopes_supported: scopes,
      } = JSON.parse(found.body) as Record<string, unknown>
      assert.equal(resource, RESOURCE)
      assert.deepEqual(servers, [at.server.issuer, at.server.second])
      assert.deepEqual(scopes, ['notes:read', 'notes:admin', 'other'])
    }
    assert.equal((await look({ url: new URL('/.well-known/oauth-protected-resource/x', url()).href })).status, 404)
  })
})
