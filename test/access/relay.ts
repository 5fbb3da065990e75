// The worked example of one server that calls another on its caller's behalf: what it needs is a broker, and nothing of the caller's request.
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { allow, type Budget, type CallContext, capabilities, Denial, defineTool } from '@hardened-mcp/security-core'
import { aControl, fakeAudit, type FakeAudit } from '@hardened-mcp/testkit'
import { z } from 'zod'
import { credentialBroker } from '../../packages/host/src/identity/credential-broker.ts'
import { httpAuthenticator, inboundToken } from '../../packages/host/src/identity/http-authenticator.ts'
import { oauthSection } from '../../packages/host/src/identity/oauth/config.ts'
import { resourceServer } from '../../packages/host/src/identity/oauth/resource-server.ts'
import { serveHttp } from '../../packages/host/src/mcp/http.ts'
import { registry } from '../../packages/host/src/mcp/registry.ts'
import { ask } from '../identity/ask.ts'
import type { AuthorizationServer } from '../identity/authorization-server.ts'

export type Next = Readonly<{ url: string; host: string; resource: string; message: (sql: string) => object }>
export type Relay = Readonly<{ url: string; resource: string; audit: FakeAudit; close(): Promise<void> }>
export const SCOPE = 'db:read'
const SECRET = 'a-secret-of-the-test-that-opens-nothing-else'

/** Serves the tool `relay`, which hands its text to the next server under a token of its own making. */
export async function relay(from: {
  name: string
  dir: string
  issuer: AuthorizationServer
  actors: readonly string[]
  next: Next
}): Promise<Relay> {
  const { name, dir, issuer, next } = from
  const resource = `https://${name}.example.com/mcp`
  const files = { ca: join(dir, 'ca.pem'), secret: join(dir, 'secret') }
  writeFileSync(files.ca, issuer.ca)
  writeFileSync(files.secret, SECRET)
  const inside = { network: '127.0.0.1', prefix: 32, ca_file: files.ca }
  const config = oauthSection.parse({
    ...{ resource, scopes: { [SCOPE]: ['tool:network'] } },
    issuers: [{ name: 'corp', issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/jwks`, tenant: 'acme', inside }],
    delegation: { max_depth: 3, actors: from.actors, own_id: name },
  })
  const { door, server } = resourceServer({
    config,
    permissions: ['tool:network'],
    now: Date.now,
    elapsed: () => performance.now(),
  })
  const { hostname, port } = new URL(issuer.issuer)
  const broker = credentialBroker({
    config: {
      ...{ tokenEndpoint: `${issuer.issuer}/exchange`, clientId: name, secretFile: files.secret },
      targets: { [next.resource]: [SCOPE] },
      internal: [{ host: hostname, port: Number(port), network: '127.0.0.1', prefix: 32, ca: issuer.ca }],
    },
    tokenOf: inboundToken,
    elapsed: () => performance.now(),
  })
  const audit = fakeAudit()
  const policy = {
    allowed_tools: new Set(['relay']),
    denied_tools: new Set<string>(),
    permissions: new Set(['tool:network'] as const),
  }
  const served = registry({
    info: { name, title: name, version: '1.0.0', instructions: '' },
    tools: [
      defineTool({
        ...{
          name: 'relay',
          title: 'Relay',
          description: 'Asks the next server',
          needs: ['tool:network'],
          effect: 'egress',
        },
        input: z.strictObject({ sql: z.string().max(4_000) }),
        output: z.looseObject({}),
        annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
        yields: { integrity: 'untrusted', secrecy: 'private' },
        budget: { deadlineMs: 20_000, outputBytes: 65_536 },
        plan: ({ sql }) => ({ op: 'relay', sql }),
      }),
    ],
    policy: () => policy,
    controls: aControl({
      ...{ server: name, guards: [capabilities(() => policy)], policies: [() => allow()], audit: audit.sink },
      ...{ now: Date.now, newCallId: randomUUID },
      async execute(operation: object, _spend: Budget, _stop: AbortSignal, call?: CallContext) {
        if (call === undefined) throw new Denial('internal', 'No call')
        const { sql } = operation as { sql: string }
        const headers = await broker({
          caller: call.caller,
          resource: next.resource,
          scope: [SCOPE],
          trace: call.trace,
        })
        const message = next.message(sql) as { params: object }
        const meta = { traceparent: headers['traceparent'] }
        const answer = await ask({ url: next.url, host: next.host }, headers, {
          ...message,
          params: { ...message.params, _meta: meta },
        })
        if (answer.status !== 200) throw new Denial('upstream_failed', `The next server answered with ${answer.status}`)
        return { text: JSON.stringify({ said: answer.body }) }
      },
    } as never) as never,
  })
  const serving = await serveHttp({
    ...{ registry: served, host: '127.0.0.1', port: 0, oauth: server, healthy: () => true, now: Date.now },
    authenticate: httpAuthenticator({ verify: () => ({ ok: false, reason: 'No such API key' }) }, door),
    onAuth: async () => undefined,
    onerror: () => undefined,
  })
  return { url: serving.url, resource, audit, close: () => serving.close() }
}

/** A wire that keeps every byte that goes over it, both ways, in front of `url`. */
export async function tapped(url: string): Promise<Readonly<{ url: string; bytes(): string; close(): void }>> {
  const { hostname, port, pathname } = new URL(url)
  const seen: Buffer[] = []
  const server = createServer((client) => {
    const on = connect(Number(port), hostname)
    client.on('data', (chunk) => seen.push(chunk)).on('error', () => on.destroy())
    on.on('data', (chunk) => seen.push(chunk)).on('error', () => client.destroy())
    client.pipe(on).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const here = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${here}${pathname}`,
    bytes: () => Buffer.concat(seen).toString('latin1'),
    close: () => void server.close(),
  }
}
