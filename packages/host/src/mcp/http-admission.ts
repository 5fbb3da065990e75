// Question: may this request come in, and with which scope?
// Threat:   a call without a caller, a success or failure that leaves no record, a flood of failures, a tool called with a token that has
//           too little scope, a key set outage answered like a forged token (RFC 6750 §3.1, MCP authorization).
// Rule:     401 with a challenge when nobody proved who they are, 429 when an address failed too often, 503 when the issuer or the trail
//           is out of reach, 403 `insufficient_scope` naming all scopes of a call when scope alone holds it back.
// Limits:   what scope does not hold back is judged by the pipeline, and answered as if the tool did not exist.
// Proof:    http.test.ts, test/identity/matrix.test.ts
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Principal } from '@hardened-mcp/security-core'
import type { Authentication, AuthFailure, HttpAuthenticator } from '../identity/http-authenticator.ts'
import { KEYS_ONLY } from '../identity/oauth/challenge.ts'
import type { ResourceServer } from '../identity/oauth/resource-server.ts'
import { certificateThumbprint } from './client-certificate.ts'
import { DELEGATION, ISSUER_DOWN, NOT_RECORDED, type Rejection, reject, throttled } from './http-answer.ts'
import type { Registry, Wanted } from './registry.ts'

export type AuthEvent = Readonly<{ address: string; throttled: boolean }> &
  (Authentication | Readonly<{ ok: false; failure: 'insufficient_scope'; reason: string; caller: Principal }>)

export type Admission = Readonly<{
  /** The caller, or `undefined` when the request has been answered. */
  admit(request: IncomingMessage, response: ServerResponse, address: string): Promise<Principal | undefined>
  /** Why the caller's scope is not enough for this message. Recorded before it is told. */
  narrow(request: IncomingMessage, message: unknown, caller: Principal, address: string): Promise<Rejection | undefined>
  /** What asks for a fresh token with these scopes; the pipeline has recorded the refusal. */
  stepUp(request: IncomingMessage, oauth: ResourceServer, scopes: readonly string[]): Rejection
}>

export function httpAdmission(from: {
  authenticate: HttpAuthenticator
  onAuth: (event: AuthEvent) => Promise<void>
  throttle: (key: string) => number
  registry: Pick<Registry, 'heldBack'>
  oauth: ResourceServer | undefined
}): Admission {
  const { oauth, throttle } = from
  const refusalOf = (failure: AuthFailure, waitMs: number): Rejection => {
    if (failure === 'unavailable') return ISSUER_DOWN
    if (failure === 'delegation') return DELEGATION
    if (waitMs > 0) return throttled(waitMs)
    return { status: 401, message: 'Authentication is needed', headers: (oauth ?? KEYS_ONLY).challenge(failure) }
  }
  return {
    async admit(request, response, address) {
      const { authorization = [], dpop = [] } = request.headersDistinct
      const certificate = () => certificateThumbprint(request.socket)
      const authentication = await from.authenticate({ authorization, dpop, certificate })
      const waitMs = authentication.ok ? 0 : throttle(address)
      const recorded = await from.onAuth({ address, throttled: waitMs > 0, ...authentication }).then(
        () => true,
        () => false,
      )
      if (recorded && authentication.ok) return authentication.caller
      const rejection = authentication.ok || !recorded ? NOT_RECORDED : refusalOf(authentication.failure, waitMs)
      reject(request, response, rejection)
      return undefined
    },
    async narrow(request, message, caller, address) {
      const needs = oauth === undefined ? undefined : from.registry.heldBack?.(caller, wantedBy(message))
      if (oauth === undefined || needs === undefined) return undefined
      const reason = `The scope of the token does not grant ${needs.join(' ')}`
      const event = { ok: false, failure: 'insufficient_scope', reason, caller, address } as const
      try {
        await from.onAuth({ ...event, throttled: throttle(`scope of ${caller.id}`) > 0 })
      } catch {
        return NOT_RECORDED
      }
      return tooNarrow(oauth.insufficientScope(oauth.scopesFor(needs), isProven(request)))
    },
    stepUp: (request, oauth, scopes) => tooNarrow(oauth.insufficientScope(scopes, isProven(request))),
  }
}

const isProven = ({ headers }: IncomingMessage) => /^dpop /i.test(headers.authorization ?? '')

const tooNarrow = (headers: Readonly<Record<string, string>>): Rejection => ({
  status: 403,
  message: 'The token has not enough scope',
  headers,
})

// The message has not been judged by the protocol layer yet: anything that is no call wants nothing.
function wantedBy(message: unknown): Wanted {
  const { method, params } = message as { method?: unknown; params?: { name?: unknown; uri?: unknown } | null }
  if (method === 'tools/call' && typeof params?.name === 'string') return { tool: params.name }
  if (method === 'resources/read' && typeof params?.uri === 'string') return { uri: params.uri }
  return {}
}
