// Question: what does this opaque token mean to its issuer?
// Threat:   a flood of made-up tokens that becomes a flood of questions; an answer for another audience; an issuer that is down.
// Rule:     `active` must be exactly true, then the claims are judged like those of a JWT; one question per token at a time, 32 in all;
//           what was refused is remembered for 10 s, what was accepted for 30 s; no answer means unavailable.
// Limits:   a token that the issuer revokes is believed for up to 30 s.
// Proof:    test/identity/opaque.test.ts
import { hash } from 'node:crypto'
import { type AccessToken, SKEW_MS } from './access-token.ts'
import type { IssuerConfig } from './config.ts'
import { DelegationFault, KeysUnavailable, TokenFault } from './faults.ts'
import type { Claims } from './jws.ts'

export type Introspection = (token: string) => Promise<AccessToken>

const MAX_AT_ONCE = 32
const MAX_REMEMBERED = 10_000
const ACCEPTED_MS = 30_000
const REFUSED_MS = 10_000
const OPAQUE = /^[A-Za-z0-9_~+/=-]{16,512}$/

type Answer = Readonly<{ until: number; token?: AccessToken; reason?: string; delegation?: string }>

export function introspection(from: {
  ask: (token: string) => Promise<Claims>
  judge: (claims: Claims) => AccessToken
  issuer: IssuerConfig
  now: () => number
  elapsed: () => number
}): Introspection {
  const answers = new Map<string, Answer>()
  const asking = new Map<string, Promise<Answer>>()

  const inquire = async (token: string): Promise<Answer> => {
    const claims = await from.ask(token).catch((thrown: unknown) => {
      throw new KeysUnavailable(`The issuer cannot be asked: ${thrown instanceof Error ? thrown.message : 'unknown'}`)
    })
    try {
      if (claims['active'] !== true) throw new TokenFault('The issuer does not know the token')
      // RFC 7662 makes all but `active` optional; who the token is of and for must still be said by somebody.
      const jti = claims['jti'] ?? hash('sha256', token, 'base64url')
      const sub = claims['sub'] ?? claims['client_id']
      const judged = from.judge({ ...claims, iss: claims['iss'] ?? from.issuer.issuer, sub, jti })
      return { until: from.elapsed() + ACCEPTED_MS, token: judged }
    } catch (thrown) {
      if (thrown instanceof DelegationFault) return { until: from.elapsed() + REFUSED_MS, delegation: thrown.message }
      if (!(thrown instanceof TokenFault)) throw thrown
      return { until: from.elapsed() + REFUSED_MS, reason: thrown.message }
    }
  }

  return async function introspect(token) {
    if (!OPAQUE.test(token)) throw new TokenFault('The credential is neither a JWT nor an opaque token')
    const id = hash('sha256', token, 'base64url')
    const known = answers.get(id)
    let answer = known !== undefined && from.elapsed() < known.until ? known : undefined
    if (answer === undefined) {
      if (asking.size >= MAX_AT_ONCE && !asking.has(id)) throw new KeysUnavailable('Too many questions to the issuer')
      const question = asking.get(id) ?? inquire(token).finally(() => asking.delete(id))
      asking.set(id, question)
      answer = await question
      if (answers.size >= MAX_REMEMBERED) answers.clear() // only costs questions
      answers.set(id, answer)
    }
    if (answer.delegation !== undefined) throw new DelegationFault(answer.delegation)
    if (answer.token === undefined) throw new TokenFault(answer.reason ?? 'The token is refused')
    if (from.now() >= answer.token.expiresAt + SKEW_MS) throw new TokenFault('The token has expired')
    return answer.token
  }
}
