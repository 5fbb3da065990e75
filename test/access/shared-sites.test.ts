// Two tenants fetch from one host through one real server: look-ups, connections, TLS sessions, pages and robots.txt are each tenant's own.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { TLSSocket } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, suite, test } from 'node:test'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { command, type RunningServer, serveOverHttp } from '@hardened-mcp/testkit/command'
import {
  type HostileSite,
  hostileSite,
  type Play,
  reply,
} from '../../packages/host/src/outbound/testing/hostile-site.ts'
import { type NameServer, nameServer } from '../../packages/host/src/outbound/testing/name-server.ts'
import { ask } from '../identity/ask.ts'
import { TENANTS, type TenantName } from './ground.ts'

const CAN = ['tool:read_only', 'tool:network', 'resource:remote']
const PLAIN = { 'content-type': 'text/plain' }
const dir = mkdtempSync(join(tmpdir(), 'shared-sites-'))
const keys = {} as Record<TenantName, string>
let served: RunningServer | undefined
let names: NameServer | undefined
const sites: HostileSite[] = []

/** Every request that a site heard: what for, on which connection, and whether its TLS session was an earlier one's. */
const heard: { path: string; socket: TLSSocket }[] = []
let address = '127.0.0.1' // what the name server says at this moment, and that it holds for an hour
const robots: Play = (
  socket,
  request, // a host's rules lie where acme alone may go
) =>
  (/^host: ruled/im.test(request)
    ? reply(302, { location: `https://acme.corp:${sites[2]?.port}/rules` })
    : reply(404, PLAIN))(socket, request)

const listening =
  (play: Play): Play =>
  (socket, request) => {
    heard.push({ path: request.split(' ')[1] ?? '', socket })
    play(socket, request)
  }
const pages = (name: string): Record<string, Play> => ({
  '/robots.txt': listening(robots),
  '/long': listening(reply(200, PLAIN, `${name} `.repeat(3_000))),
  '/closed': listening(reply(200, PLAIN, 'closed')),
})

before(async () => {
  const authority = await certificateAuthority()
  const identity = await authority.issue(['common.corp', 'ruled.corp', 'acme.corp'])
  const ca_file = join(dir, 'ca.pem')
  writeFileSync(ca_file, authority.ca)
  sites.push(await hostileSite(identity, pages('first')))
  const port = sites[0]?.port ?? 0
  sites.push(await hostileSite(identity, pages('second'), '127.0.0.2', port))
  const closing = reply(200, PLAIN, 'User-agent: *\nDisallow: /closed')
  sites.push(await hostileSite(identity, { '/rules': listening(closing) }))
  const now = () => ({ addresses: [address], ttl: 3_600 })
  names = await nameServer({ 'common.corp': now, 'ruled.corp': now, 'acme.corp': now })
  const inside = { cidr: '127.0.0.0/16', ca_file }
  const fetch = {
    ...{ allowed_tools: ['fetch_url'], permissions: CAN },
    resources: {
      internal: [
        { host: 'common.corp', port, ...inside },
        { host: 'ruled.corp', port, ...inside },
        { host: 'acme.corp', port: sites[2]?.port, ...inside, tenants: ['acme'] },
      ],
      dns_servers: [names.address],
    },
  }
  const policy = join(dir, 'policy.json')
  writeFileSync(policy, JSON.stringify({ version: 1, servers: { fetch } }))
  const keysFile = join(dir, 'keys.json')
  for (const tenant of TENANTS) {
    const can = CAN.flatMap((each) => ['--can', each])
    const minted = await command(['keys', 'mint', '--keys', keysFile, '--name', tenant, '--tenant', tenant, ...can])
    keys[tenant] = (JSON.parse(minted.stdout) as { key: string }).key
  }
  const files = ['--policy', policy, '--keys', keysFile, '--audit', join(dir, 'audit')]
  served = await serveOverHttp(['fetch', ...files, '--http', '127.0.0.1:0'])
})
after(async () => {
  await served?.stop()
  await Promise.all([...sites.map((site) => site.close()), names?.close()])
  rmSync(dir, { recursive: true })
})
beforeEach(() => {
  address = '127.0.0.1'
  heard.length = 0
})

async function fetched(
  as: TenantName,
  path: string,
  more: object = {},
  host = 'common.corp',
): Promise<Record<string, unknown>> {
  const params = { name: 'fetch_url', arguments: { url: `https://${host}:${sites[0]?.port}${path}`, ...more } }
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params }
  const { body } = await ask({ url: served?.url ?? '' }, { authorization: `Bearer ${keys[as]}` }, message)
  const { result } = JSON.parse(/\{.*\}/s.exec(body)?.[0] ?? '') as { result: { structuredContent: object } }
  return result.structuredContent as Record<string, unknown>
}
const paths = () => heard.map(({ path }) => path)

suite('what two tenants fetch from one host', () => {
  test('is loaded for each, on connections and TLS sessions of their own', async () => {
    const first = await fetched('acme', '/long', { max_length: 100 })
    assert.deepEqual([first['from'], paths()], ['fresh', ['/robots.txt', '/long']])
    const other = await fetched('globex', '/long', { max_length: 100 })
    assert.equal(other['from'], 'fresh')
    assert.deepEqual(paths().slice(2), ['/robots.txt', '/long'], 'also the rules of the site')
    assert.ok(!heard.some(({ socket }) => socket.isSessionReused()))
    const [acmes, theirs] = [heard.slice(0, 2), heard.slice(2)].map((part) => new Set(part.map(({ socket }) => socket)))
    assert.deepEqual(acmes?.isDisjointFrom(theirs ?? new Set()), true)
  })

  test('is read on by nobody else: a later part is asked for anew', async () => {
    await fetched('acme', '/long', { format: 'text', max_length: 100 })
    const before = heard.length
    assert.equal((await fetched('acme', '/long', { format: 'text', start_index: 100 }))['from'], 'kept')
    assert.equal(heard.length, before)
    assert.equal((await fetched('globex', '/long', { format: 'text', start_index: 100 }))['from'], 'fresh')
    assert.equal(paths().at(-1), '/long')
  })

  test('comes from where the name leads for this very call: no look-up of another is used', async () => {
    const text = async (as: TenantName) => String((await fetched(as, '/long', { max_length: 100 }))['text'])
    const asked = names?.questions.length ?? 0
    assert.match(await text('acme'), /first/)
    address = '127.0.0.2'
    assert.match(await text('globex'), /second/)
    assert.match(await text('acme'), /second/)
    assert.ok((names?.questions.length ?? 0) >= asked + 3)
  })

  test("is judged by the rules that this tenant can read: another's lead nowhere for it", async () => {
    const mine = await fetched('acme', '/closed', {}, 'ruled.corp')
    const theirs = await fetched('globex', '/closed', {}, 'ruled.corp')
    assert.match(JSON.stringify(mine), /\(robots\)/)
    assert.match(JSON.stringify(theirs), /\(not_allowed\)/)
  })
})

test('every record stands under the tenant that asked', () => {
  const records = readFileSync(join(dir, 'audit', 'slot-0.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  const calls = records
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ tool }) => tool !== undefined)
  assert.ok(calls.length > 10)
  assert.deepEqual(new Set(calls.map(({ tenant }) => tenant)), new Set(TENANTS))
})
