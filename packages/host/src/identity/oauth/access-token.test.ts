// The claims of an opaque token come from an answer, not by a look-up of their issuer: here alone its name is compared. And what a token may be bound to.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { accessToken, type TokenRules } from './access-token.ts'
import { oauthSection } from './config.ts'
import { TokenFault } from './faults.ts'

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

  // RFC 7800 §3.1: what is bound in a way that nobody here knows must not pass as a token that is not bound.
  const [digest, other] = ['A'.repeat(43), 'B'.repeat(43)]
  const bindings: readonly [mtls: 'off' | 'optional', cnf: object, taken: object | undefined][] = [
    ['off', { jkt: digest }, { boundTo: digest }],
    ['off', { 'x5t#S256': digest }, undefined],
    ['off', { jkt: digest, 'x5t#S256': digest }, undefined],
    ['optional', { 'x5t#S256': digest }, { certificate: digest }],
    ['optional', { jkt: other, 'x5t#S256': digest }, { boundTo: other, certificate: digest }],
    ['optional', { kid: digest }, undefined],
    ['optional', { 'x5t#S512': digest }, undefined],
    ['optional', { 'x5t#S256': digest, kid: other }, undefined],
    ['optional', { jkt: digest, jwe: other }, undefined],
  ]
  for (const [mtls, cnf, taken] of bindings)
    test(`mtls ${mtls}: ${taken === undefined ? 'refuses' : 'takes'} a binding to ${Object.keys(cnf).join(' and ')}`, () => {
      const read = () => accessToken({ ...claims(ISSUER), cnf }, { ...rules, issuer: { ...rules.issuer, mtls } })
      if (taken === undefined) return assert.throws(read, /bound in a way that cannot be checked here/)
      const { boundTo, certificate } = read()
      assert.deepEqual({ boundTo, certificate }, { boundTo: undefined, certificate: undefined, ...taken })
    })
})
