// Our own resource server in front of the notes of the protocol tests: real verifier, real outbound guard, real authorization server.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { httpAuthenticator } from '../../packages/host/src/identity/http-authenticator.ts'
import { oauthSection } from '../../packages/host/src/identity/oauth/config.ts'
import { resourceServer } from '../../packages/host/src/identity/oauth/resource-server.ts'
import { type Served, serveNotes } from '../../packages/host/src/mcp/fixture/http.ts'
import { notes } from '../../packages/host/src/mcp/fixture/notes.ts'
import { type AuthorizationServer, authorizationServer } from './authorization-server.ts'
import { type Forge, forge } from './forge.ts'

export const RESOURCE = 'https://mcp.example.com/notes/mcp'
export const SCOPES = 'notes:read notes:admin notes:approve other'

export type Stand = Readonly<{
  server: AuthorizationServer
  served: Served
  resource: string
  scope: string
  forge: Forge
  second: Forge
  /** Moves the clock that tells the age of key sets, in milliseconds. */
  later(ms: number): void
  events: string[]
  close(): Promise<void>
}>

const UNTIL = '2099-12-31'

/** `over` replaces parts of the `oauth` section; `issuer` parts of its first issuer; `controls` those of the notes; `http` of their server. */
export async function stand(
  over: object = {},
  issuer: object = {},
  controls: Parameters<typeof notes>[0] = {},
  http: Parameters<typeof serveNotes>[0] = {},
): Promise<Stand> {
  const server = await authorizationServer(SCOPES)
  const dir = mkdtempSync(join(tmpdir(), 'oauth-'))
  const files = { ca: join(dir, 'ca.pem'), secret: join(dir, 'secret') }
  writeFileSync(files.ca, server.ca)
  writeFileSync(files.secret, `${server.client.secret}\n`)
  const inside = { network: '127.0.0.1', prefix: 32, ca_file: files.ca }
  const config = oauthSection.parse({
    resource: RESOURCE,
    scopes: { 'notes:read': ['tool:read_only'], 'notes:admin': ['tool:write'], other: ['tool:network'] },
    scope_implies: { 'notes:admin': ['notes:read'] },
    revoked: ['revoked-token'],
    delegation: { max_depth: 3, actors: ['gateway', 'a', 'b', 'c', 'd', 'notes'], own_id: 'notes' },
    issuers: [
      {
        ...{ name: 'first', issuer: server.issuer, jwks_uri: `${server.issuer}/jwks`, algorithms: ['RS256', 'ES256'] },
        ...{ tenant_claim: 'tenant', tenants: ['acme'], inside },
        introspection: {
          ...{ endpoint: `${server.issuer}/token/introspection`, client_id: 'opaque-agent', secret_file: files.secret },
        },
        ...issuer,
      },
      {
        ...{ name: 'second', issuer: server.second, jwks_uri: `${server.second}/jwks`, inside },
        ...{ tenant_claim: 'tenant', tenants: ['globex'] },
        any_typ: { because: 'the second issuer does not speak RFC 9068', until: UNTIL },
        several_audiences: { because: 'the second issuer always adds its own', until: UNTIL },
      },
    ],
    ...over,
  })
  let moved = 0
  const events: string[] = []
  const { door, server: oauth } = resourceServer({
    ...{ config, permissions: ['tool:read_only'], now: Date.now },
    elapsed: () => performance.now() + moved,
    onEvent: (event) => events.push(event),
  })
  let tick = 0
  const served = await serveNotes({
    registry: notes(controls).registry,
    authenticate: httpAuthenticator({ verify: () => ({ ok: false, reason: 'No such API key' }) }, door),
    oauth,
    now: () => (tick += 60_000), // the throttle of failures has its own tests
    ...http,
  })
  const common = { resource: RESOURCE, scope: 'notes:read' }
  return {
    ...{ server, served, events, ...common },
    forge: forge({ ...common, issuer: server.issuer, key: server.keys.rsa, tenant: 'acme' }),
    second: forge({ ...common, issuer: server.second, key: server.keys.second, tenant: 'globex' }),
    later: (ms) => {
      moved += ms
    },
    async close() {
      await served.close()
      await server.close()
      rmSync(dir, { recursive: true })
    },
  }
}
