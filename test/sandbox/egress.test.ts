// The way out: fetch has the proxy and nothing else, the proxy what the list, the address rule and the firewall let through; each layer taken out.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { connect } from '@hardened-mcp/testkit/clients'
import { withoutTypes } from '../../deploy/image/without-types.ts'
import { deploy, docker, freshState, must, PORT, prepare, ROOT, run, RUNTIMES, STATE, trustGateway } from './machine.ts'
import { buildProbe, openedNetwork, probeIn, type Weaken } from './probing.ts'

const SPACE = 'mcp-test-outside'
const [GRANTED, INSIDE, METADATA] = ['10.77.0.5', '10.77.0.6', '169.254.169.254']
const PUBLIC = '93.184.215.14' // lives in the namespace for the time of the test
const SITE = 'handbook.corp.example.com'
const POLICY = (allowed: string) => `version: 1
servers:
  fetch:
    allowed_tools: [fetch_url]
    permissions: ["tool:read_only", "tool:network", "resource:remote"]
    resources:
      egress_proxy: 172.30.5.3:3128
      allow: [${allowed}]
      internal: [{ host: ${SITE}, cidr: ${GRANTED}/32, port: 443, ca_file: /etc/hardened-mcp/ca/site.pem, label: { secrecy: public } }]
`
const SETTINGS = {
  MCP_COMPOSE: 'compose.fetch.yaml',
  MCP_EGRESS_INTERNAL: `${GRANTED}:443`,
  MCP_DNS: GRANTED,
  MCP_EGRESS_POLICY: join(STATE, 'proxy-policy.yaml'),
}
const CONNECT: Weaken = (service) => {
  service.security_opt = ['no-new-privileges:true', 'seccomp=unconfined'] // the network alone has to hold
}
const reach = (...rows: readonly (readonly [string, string, string])[]) => rows.flatMap((row) => ['reach', ...row])
const FROM_FETCH = [
  ...reach(
    ['public', PUBLIC, '443'],
    ['granted', GRANTED, '443'],
    ['inside', INSIDE, '443'],
    ['metadata', METADATA, '80'],
    ['the-host', '172.30.5.1', '22'],
    ['host-by-its-egress-address', '172.30.4.1', '22'],
    ['name-server', GRANTED, '53'],
    ['proxy-by-its-other-address', '172.30.4.10', '3128'],
    ['proxy-on-another-port', '172.30.5.3', '443'],
    ['another-server', '172.30.1.10', '8080'],
    ['gateway', '172.30.3.2', '8443'],
    ['gateway-by-its-front-address', '172.30.0.2', '8443'],
  ),
  ...['look-up', 'name-over-udp', GRANTED],
]
const TUNNELS = Object.entries({
  granted: `${SITE}:443`,
  listed: 'good.example.com:443',
  unlisted: 'unlisted.example.org:443',
  'listed-that-leads-inside': 'inside.example.com:443',
  'listed-and-mixed': 'mixed.example.com:443',
  literal: `${INSIDE}:443`,
  metadata: `${METADATA}:80`,
  'another-port': `${SITE}:80`,
}).flatMap(([name, authority]) => ['tunnel', name, authority])
const FROM_PROXY = [
  ...reach(
    ['public', PUBLIC, '443'],
    ['granted', GRANTED, '443'],
    ['public-other-port', PUBLIC, '80'],
    ['granted-other-port', GRANTED, '80'],
    ['inside', INSIDE, '443'],
    ['metadata', METADATA, '80'],
    ['the-host', '172.30.4.1', '22'],
  ),
  ...['look-up', 'name-over-udp', GRANTED],
]
// The rule of checked-addresses.ts with its one condition taken out, mounted over the image's file.
const BLIND = join(STATE, 'blind.yaml')

let site: ChildProcess | undefined

before(
  async () => {
    await prepare()
    await freshState()
    const authority = await certificateAuthority('egress test CA')
    const { cert, key } = await authority.issue([SITE])
    const files = { cert: join(STATE, 'site.crt'), key: join(STATE, 'site.key') }
    writeFileSync(files.cert, cert)
    writeFileSync(files.key, key)
    writeFileSync(join(STATE, 'policy.yaml'), POLICY('"*"')) // what fetch was granted is wider than what the proxy passes on
    listOfProxy('"*.example.com"')
    for (const dir of ['ca', 'data/db', 'data/files']) mkdirSync(join(STATE, dir), { recursive: true, mode: 0o755 })
    writeFileSync(join(STATE, 'ca/site.pem'), authority.ca, { mode: 0o644 })
    blindProxy()
    await buildProbe()
    await namespace()
    const fixture = join(ROOT, 'test/sandbox/fixture/site.ts')
    const served = [process.execPath, fixture, files.cert, files.key, PUBLIC, INSIDE]
    site = spawn('ip', ['netns', 'exec', SPACE, ...served], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(site.stdout as NodeJS.ReadableStream, 'data')
  },
  { timeout: 900_000 },
)
after(async () => {
  site?.kill('SIGKILL')
  await deploy('down') // the probes made the networks of the whole manifest
  await run('/usr/bin/docker', ['network', 'rm', 'hardened-mcp_mcp-opened'])
  await run('ip', ['netns', 'delete', SPACE])
  await run('ip', ['link', 'delete', 'mcp-test-veth'])
})

for (const runtime of RUNTIMES) {
  suite(`egress under ${runtime}`, { timeout: 400_000 }, () => {
    let key = ''
    const up = (more: Record<string, string> = {}) => deploy('up', [], { ...SETTINGS, MCP_RUNTIME: runtime, ...more })
    const compose = (...args: readonly string[]) => deploy('compose', args, { ...SETTINGS, MCP_RUNTIME: runtime })
    const probe = (server: string, words: readonly string[], weaken: Weaken = CONNECT) =>
      probeIn(server, { runtime, words, weaken })

    before(async () => {
      listOfProxy('"*.example.com"')
      key = /Bearer (mcp_[A-Za-z0-9_-]+)/.exec(await up())?.[1] ?? ''
      trustGateway()
    })
    after(async () => {
      await deploy('down', [], SETTINGS)
    })

    test('fetch answers through the proxy, and refuses as it would without one', async () => {
      const client = await connect('v2-2026-07-28', { url: `https://localhost:${PORT}/fetch/mcp`, key })
      const get = async (url: string) => {
        const { structuredContent: answer } = await client.call('fetch_url', { url })
        const error = answer['error'] as { code: string; message: string } | undefined
        return error === undefined ? String(answer['text']) : `${error.code} ${error.message}`
      }
      assert.match(await get(`https://${SITE}/`), /Granted by name/)
      assert.match(
        await get('https://good.example.com/'),
        /^upstream_failed .*TLS/,
        'reached, and its certificate judged',
      )
      assert.match(await get('https://inside.example.com/'), /^url_denied .*\(address\)/)
      assert.match(await get('https://mixed.example.com/'), /^url_denied .*\(address\)/)
      assert.match(await get('https://www.example.net/'), /^url_denied .*\(not_allowed\)/, 'by the list of the proxy')
      for (const url of [`https://${INSIDE}/`, `https://${METADATA}/`, `https://${SITE}:80/`])
        assert.match(await get(url), /^url_denied /, url)
      const log = await compose('logs', 'egress-proxy')
      assert.match(log, new RegExp(`"egress.allowed".*"host":"${SITE}","port":443,"address":"${GRANTED}"`))
      assert.match(log, /"egress.refused".*"code":"not_allowed".*"host":"www.example.net"/)
      await compose('stop', '-t', '12', 'egress-proxy')
      assert.match(
        await get(`https://${SITE}/?again`),
        /^upstream_failed /,
        'with the proxy down there is no other way',
      )
      await client.close()
      await compose('stop', '-t', '12', 'fetch')
      await compose('rm', '-f', 'fetch', 'egress-proxy')
    })

    test('code that took over fetch reaches the proxy and nothing else, over UDP neither', async () => {
      const said = await probe('fetch', FROM_FETCH)
      const names = FROM_FETCH.flatMap((word, at) =>
        /^(?:reach|look-up)$/.test(word) ? [FROM_FETCH[at + 1] ?? ''] : [],
      )
      for (const name of names)
        assert.ok(
          ['ETIMEDOUT', 'ENETUNREACH', 'EHOSTUNREACH', 'ECONNREFUSED'].includes(said[name] ?? ''),
          `${name} ${said[name]}`,
        )
      if (runtime === 'runc') {
        const fenced = await probe('fetch', ['calls'], () => undefined)
        assert.deepEqual([fenced['udp'], fenced['netlink-route']], ['EPERM', 'EPERM'])
      }
    })

    for (const server of ['fetch', 'db-query'])
      test(`${server}: without its internal networks the internet is open to it`, async () => {
        const words = reach(['public', PUBLIC, '443'])
        assert.equal((await probe(server, words))['public'], 'ETIMEDOUT')
        const open: Weaken = (service, manifest) => {
          CONNECT(service, manifest)
          openedNetwork(service, manifest)
        }
        assert.equal((await probe(server, words, open))['public'], 'ok')
      })

    test('through the proxy it gets what the proxy was told, and every layer taken out opens its row', async () => {
      await compose('up', '-d', '--no-deps', 'egress-proxy')
      const held = await tunnels()
      assert.deepEqual(held, {
        granted: '200',
        listed: '200',
        unlisted: '403',
        'listed-that-leads-inside': '403',
        'listed-and-mixed': '403',
        literal: '403',
        metadata: '403',
        'another-port': '403',
      })
      listOfProxy('"*"')
      await compose('restart', '-t', '1', 'egress-proxy')
      assert.equal((await tunnels())['unlisted'], '502', 'without the list it is looked up') // and does not exist
      await deploy('compose', ['up', '-d', '--no-deps', 'egress-proxy'], {
        ...SETTINGS,
        MCP_RUNTIME: runtime,
        MCP_COMPOSE: BLIND,
      })
      assert.equal((await tunnels())['listed-that-leads-inside'], '504', 'without the address rule, the firewall holds')
      await deploy('firewall', ['del'])
      assert.equal((await tunnels())['listed-that-leads-inside'], '200', 'without both it is reached')
      await compose('rm', '-s', '-f', 'egress-proxy')
    })

    test('code that took over the proxy reaches public addresses and the grant; with the firewall gone the rest', async () => {
      await deploy('firewall', ['add'], SETTINGS)
      const held = await probe('egress-proxy', FROM_PROXY)
      for (const name of ['public', 'granted', 'name-over-udp']) assert.equal(held[name], 'ok', name)
      const shut = ['public-other-port', 'granted-other-port', 'inside', 'metadata']
      for (const name of [...shut, 'the-host']) assert.equal(held[name], 'ETIMEDOUT', name)
      await deploy('firewall', ['del'])
      const open = await probe('egress-proxy', FROM_PROXY)
      for (const name of shut) assert.equal(open[name], 'ok', name)
    })

    const tunnels = async () => {
      for (let wait = 0; wait < 100; wait += 1) {
        const said = await probe('fetch', TUNNELS)
        if (said['granted'] !== 'ECONNREFUSED')
          return Object.fromEntries(Object.entries(said).filter(([name]) => TUNNELS.includes(name)))
      }
      throw new Error(`The proxy does not listen: ${await docker('ps', '-a')}`)
    }
  })
}

const listOfProxy = (allowed: string) => writeFileSync(SETTINGS.MCP_EGRESS_POLICY, POLICY(allowed), { mode: 0o644 })

function blindProxy(): void {
  const source = 'packages/host/src/outbound/checked-addresses.ts'
  const { path, text } = withoutTypes(source, readFileSync(join(ROOT, source), 'utf8'))
  const blind = text.replace(
    'isPublicAddress(address, judge.nat64) && !own.has(address)',
    'address !== own.size.toString()',
  )
  assert.notEqual(blind, text)
  writeFileSync(join(STATE, 'blind.js'), blind, { mode: 0o644 })
  const manifest = readFileSync(join(ROOT, 'deploy/compose.fetch.yaml'), 'utf8')
  const mount = `      - { type: bind, source: ${STATE}/blind.js, target: /app/${path}, read_only: true }\n`
  const at = manifest.indexOf('      - { type: bind, source: "${MCP_STATE:-./state}/resolv.conf"')
  writeFileSync(BLIND, manifest.slice(0, at) + mount + manifest.slice(at))
}

// A namespace that plays the rest of the world, behind one pair of interfaces.
async function namespace(): Promise<void> {
  await run('ip', ['netns', 'delete', SPACE])
  await run('ip', ['link', 'delete', 'mcp-test-veth'])
  const script = `set -e
    ip netns add ${SPACE}
    ip link add mcp-test-veth type veth peer name eth0 netns ${SPACE}
    ip addr add 10.77.0.1/24 dev mcp-test-veth
    ip link set mcp-test-veth up
    ip netns exec ${SPACE} ip link set lo up
    ip netns exec ${SPACE} ip link set eth0 up
    for address in ${GRANTED} ${INSIDE}; do ip netns exec ${SPACE} ip addr add $address/24 dev eth0; done
    for address in ${PUBLIC} ${METADATA}; do
      ip netns exec ${SPACE} ip addr add $address/32 dev eth0
      ip route replace $address/32 dev mcp-test-veth
    done
    ip netns exec ${SPACE} ip route add default via 10.77.0.1`
  await must('sh', ['-c', script])
}
