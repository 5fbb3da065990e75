// The claims of an opaque token come from an answer, not by a look-up of their issuer: here alone its name is compared.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { accessToken, type TokenRules } from './access-token.ts'
import { oauthSection } from './config.ts'
import { TokenFault } from './jws.ts'

const ISSUER = 'https://login.example.com'
const RESOURCE = 'https://mcp.example.com/mcp'
const NOW = 1_800_000_000_000
const { issuers, delegation } = oauthSection.parse({
  ...{ resource: RESOURCE, scopes: {} },
  issuers: [{ name: 'corp', issuer: ISSUER, jwks_uri: `${ISSUER}/jwks`, tenant: 'acme' }],
})
const [issuer] = issuers
const rules: TokenRules = {
  issuer: issuer ?? assert.fail('no issuer'),
  ...{ audience: RESOURCE, revoked: new Set<string>(), now: NOW, delegation },
}
const claims = (iss: unknown) => ({
  ...{ iss, aud: RESOURCE, sub: 'agent', client_id: 'agent', jti: 'a', iat: NOW / 1_000, exp: NOW / 1_000 + 60 },
})

suite('accessToken()', () => {
  test('takes the claims of its issuer', () => {
    const { id, tenant } = accessToken(claims(ISSUER), rules)
    assert.deepEqual([id, tenant], ['corp:agent', 'acme'])
  })
  for (const iss of ['https://evil.example', `${ISSUER}/`, ISSUER.toUpperCase(), [ISSUER], undefined, null])
    test(`refuses those of ${JSON.stringify(iss)}`, () => {
      assert.throws(() => accessToken(claims(iss), rules), new TokenFault('The token is of another issuer'))
    })
})
