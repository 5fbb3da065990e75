// A call that needs a step-up is answered with 403 and the scope it wants, and passes once with a token issued since: RFC 6750 §3.1.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { approvals, memoryApprovals } from '@hardened-mcp/security-core'
import { modernHeaders, modernMessage, post } from '../../packages/host/src/mcp/fixture/http.ts'
import { ask } from './ask.ts'
import { RESOURCE, type Stand, stand } from './served.ts'

const MINUTE_MS = 60_000
const skew = { ms: 0 } // the tokens of the real issuer are issued now; the questions of these tests may be in the past or to come

let at: Stand
before(async () => {
  let ids = 0
  const lifeMs = { elicit: MINUTE_MS, step_up: 10 * MINUTE_MS, operator: MINUTE_MS }
  const store = memoryApprovals({ lifeMs, perCaller: 64, now: () => Date.now() + skew.ms, newId: () => `a_${ids++}` })
  at = await stand(
    { scopes: { 'notes:read': ['tool:read_only'], 'notes:approve': [] }, scope_implies: {} },
    {},
    { approvals: approvals({ rules: () => [{ when: 'always', strength: 'step_up', scope: 'notes:approve' }], store }) },
  )
})
after(() => at.close())

let notes = 0
const aNote = () => `note-${notes++}`
const call = async (token: string, name: string) => {
  const params = { name: 'read_note', arguments: { name } }
  return ask(
    { url: at.served.url },
    { authorization: `Bearer ${token}` },
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
  )
}
const granted = async (scope: string, client: 'agent' | 'opaque-agent' = 'agent') =>
  (await at.server.grant({ client, resource: RESOURCE, scope })).access_token

suite('step-up', () => {
  for (const client of ['agent', 'opaque-agent'] as const)
    test(`${client}: challenge, fresh token, one call`, async () => {
      const [name, poor] = [aNote(), await granted('notes:read', client)]
      const refused = await call(poor, name)
      assert.equal(refused.status, 403)
      assert.match(
        refused.challenge,
        /^Bearer realm="mcp", resource_metadata="[^"]+", scope="notes:approve", error="insufficient_scope"$/,
      )
      assert.doesNotMatch(refused.body, /note-/)
      const rich = await granted('notes:read notes:approve', client)
      assert.equal((await call(rich, aNote())).status, 403, 'another call: it has its own question')
      const passed = await call(rich, name)
      assert.equal(passed.status, 200, passed.body)
      assert.ok(passed.body.includes(name))
      assert.equal((await call(rich, name)).status, 403, 'the same call again')
      assert.equal((await call(rich, name)).status, 403, 'the token was used')
    })

  test('a token that was there before the question does not answer it', async () => {
    const [name, rich] = [aNote(), await granted('notes:read notes:approve')]
    skew.ms = 2 * MINUTE_MS
    try {
      assert.equal((await call(rich, name)).status, 403)
      assert.equal((await call(rich, name)).status, 403)
    } finally {
      skew.ms = 0
    }
  })

  test('calls at the same time with one token: one passes', async () => {
    const [name, poor] = [aNote(), await granted('notes:read')]
    await call(poor, name)
    const rich = await granted('notes:read notes:approve')
    const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await call(rich, name)).status))
    assert.equal(statuses.filter((status) => status === 200).length, 1)
  })

  test('a token of another subject does not answer it', async () => {
    const [name, poor] = [aNote(), await granted('notes:read')]
    await call(poor, name)
    const other = at.forge.token({ claims: { sub: 'mallory', scope: 'notes:read notes:approve' } })
    assert.equal((await call(other, name)).status, 403)
  })

  test('the challenge is the same in the newest edition', async () => {
    const name = aNote()
    const send = async (token: string) =>
      post(at.served.url, modernMessage('tools/call', { name: 'read_note', arguments: { name } }), {
        ...modernHeaders('tools/call', 'read_note'),
        authorization: `Bearer ${token}`,
      })
    const refused = await send(await granted('notes:read'))
    assert.equal(refused.status, 403)
    assert.match(String(refused.headers['www-authenticate']), /scope="notes:approve", error="insufficient_scope"/)
    const passed = await send(await granted('notes:read notes:approve'))
    assert.equal(passed.status, 200, passed.body)
  })
})
