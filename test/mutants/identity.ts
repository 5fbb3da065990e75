// Breaks of the OAuth verifier: each would let in a token that is not for us, not for now, or not of its sender.
import type { Mutant } from './mutants.ts'

const MATRIX = 'test/identity/matrix.test.ts'
const row = (name: string, find: string, replace: string, because: string, test = MATRIX): Mutant => ({
  ...{ file: `packages/host/src/identity/oauth/${name}.ts`, tests: [test] },
  ...{ find, replace, because },
})
const CLAIMS = 'packages/host/src/identity/oauth/access-token.test.ts'
const DPOP = 'test/identity/dpop.test.ts'
const MTLS = 'test/identity/mtls.test.ts'
const KEYS = 'packages/host/src/identity/oauth/key-set.test.ts'
const SOURCE = 'packages/host/src/identity/oauth/key-source.test.ts'

export const IDENTITY_MUTANTS: readonly Mutant[] = [
  row('access-token', "claims['iss'] !== issuer.issuer", 'false', 'the claim of the issuer is not compared', CLAIMS),
  row('access-token', 'if (!list.includes(audience))', 'if (false)', 'a token for another service opens this one'),
  row('access-token', 'list.length > 1 && !several', 'false', 'a token for many services is taken'),
  row('access-token', 'if (now >= expiresAt + SKEW_MS)', 'if (false)', 'a token never expires'),
  row('access-token', 'issuedAt > now + SKEW_MS', 'false', 'a token from the future is taken'),
  row('access-token', 'expiresAt - issuedAt > MAX_LIFE_MS', 'false', 'a token of any life is taken'),
  row('access-token', 'revoked.has(jti)', 'false', 'a revoked token passes'),
  row('access-token', 'if (actors.length > max_depth)', 'if (false)', 'a chain of actors has no end'),
  row('access-token', '!known.includes(actor)', 'false', 'anybody acts for anybody'),
  row('access-token', 'actors.includes(own_id)', 'false', 'a call may come round for ever'),
  row('access-token', "&& mtls !== 'off'", '', 'a certificate is bound where nobody asks for one', CLAIMS),
  row('access-token', '!known ||', '', 'a binding that nobody can check is dropped', CLAIMS),
  row('access-token', "mtls === 'required' && binding", 'false && binding', 'a stolen plain token is taken', MTLS),
  {
    ...{ file: 'packages/host/src/identity/http-authenticator.ts', tests: [MTLS] },
    ...{ find: 'certificate?.() !== bound', replace: 'certificate?.() === undefined' },
    because: 'any certificate opens what is bound to one',
  },
  {
    ...{ file: 'packages/host/src/mcp/client-certificate.ts', tests: [MTLS] },
    ...{ find: 'rejectUnauthorized: ca !== undefined', replace: 'rejectUnauthorized: false' },
    because: 'a client CA is asked for and not insisted on',
  },
  row('access-token', 'tenants?.includes(value) !== true', 'false', 'an issuer speaks for every tenant'),
  row('access-token', "if (kind === 'at+jwt') return", 'return', 'an ID token opens the door'),
  row(
    'jws',
    'for (const name of UNSUPPORTED) if (name in header)',
    'for (const name of UNSUPPORTED) if (name in header && false)',
    'critical extensions are ignored',
  ),
  row('jws', "|| bytes.toString('base64url') !== part", '', 'one token has several spellings'),
  row('token-verifier', 'await verifySignature(token, key.key, key.alg)', '', 'nobody looks at the signature'),
  row('token-verifier', 'mustBeAccessToken(header, trusted.issuer)', '', 'the type of a token is not asked for'),
  row('key-set', 'if (seen.has(kid))', 'if (false)', 'a poisoned set replaces a key', KEYS),
  row(
    'key-set',
    'if (PRIVATE_MEMBERS.some((member) => member in jwk)) return undefined',
    '',
    'a published private key is used',
    KEYS,
  ),
  row('key-set', "jwk.use !== undefined && jwk.use !== 'sig'", 'false', 'a key for encryption verifies', KEYS),
  row('key-set', 'length >= MIN_RSA_BYTES &&', '', 'a short modulus is taken', KEYS),
  row('key-source', 'if (age >= STALE_MS)', 'if (false)', 'keys of an issuer that is gone hold for ever', SOURCE),
  row(
    'key-source',
    'from.elapsed() - askedAt >= UNKNOWN_KID_MS && mayAsk()',
    'mayAsk()',
    'each forged kid is a fetch',
    SOURCE,
  ),
  row('key-source', 'running ??= attempt()', 'running = attempt()', 'a hundred requests are a hundred fetches', SOURCE),
  row('dpop-proof', "claims['htm'] !== 'POST'", 'false', 'a proof for another method is taken', DPOP),
  row('dpop-proof', "targetOf(claims['htu']) !== target", 'false', 'a proof for another server is taken', DPOP),
  row(
    'dpop-proof',
    "claims['ath'] !== hash('sha256', token, 'base64url')",
    'false',
    'a proof for another token is taken',
    DPOP,
  ),
  row('dpop-proof', 'age > PROOF_AGE_MS ||', '', 'an old proof is taken', DPOP),
  row('dpop-proof', 'await verifySignature(proof, key.key, algorithm)', '', 'a proof needs no key', DPOP),
  row('dpop-proof', 'seen.once(boundTo, jti)', '', 'a proof works twice', DPOP),
  row(
    'replay-cache',
    'at - since < from.forMs',
    'false',
    'a clock that goes forwards and back makes used proofs good',
    DPOP,
  ),
  row(
    'replay-cache',
    'if (until > now) late.set(id, until)',
    '',
    'a clock that is set back makes used proofs good again',
    DPOP,
  ),
  row('replay-cache', 'if (count >= MAX_PER_KEY ||', 'if (', 'one caller takes the memory of all', DPOP),
  row(
    'replay-cache',
    'recent.has(id) || late.has(id)',
    'recent.has(id)',
    'what was used long ago is not looked for',
    DPOP,
  ),
  row('replay-cache', 'else countOf.set(key, left)', '', 'a caller of yesterday is held back today', DPOP),
  row('dpop-nonce', '&& age >= 0 && age < VALID_MS', '', 'a nonce has no end', DPOP),
]
