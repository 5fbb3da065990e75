// The way out: fetch reaches public addresses on the egress port and the inside host that is granted, and nothing else, whoever dials.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { connect } from '@hardened-mcp/testkit/clients'
import { deploy, freshState, must, PORT, prepare, ROOT, run, RUNTIMES, STATE } from './machine.ts'
import { buildProbe, probeIn, type Weaken } from './probing.ts'

const SPACE = 'mcp-test-outside'
const GRANTED = '10.77.0.5'
const INSIDE = '10.77.0.6'
const METADATA = '169.254.169.254'
const PUBLIC = '93.184.215.14' // lives in the namespace for the time of the test
const SITE = 'handbook.corp.example.com'
const POLICY = `version: 1
servers:
  fetch:
    allowed_tools: [fetch_url]
    permissions: ["tool:read_only", "tool:network", "resource:remote"]
    resources:
      allow: ["*"]
      internal: [{ host: ${SITE}, cidr: ${GRANTED}/32, port: 443, ca_file: /etc/hardened-mcp/ca/site.pem }]
`
const SETTINGS = { MCP_COMPOSE: 'compose.fetch.yaml', MCP_EGRESS_INTERNAL: `${GRANTED}:443` }
const CONNECT: Weaken = (service) => {
  service.security_opt = ['no-new-privileges:true', 'seccomp=unconfined'] // the network alone has to hold
}
const REACH = [
  ['public', PUBLIC, '443'],
  ['public-other-port', PUBLIC, '80'],
  ['granted', GRANTED, '443'],
  ['granted-other-port', GRANTED, '80'],
  ['inside', INSIDE, '443'],
  ['metadata', METADATA, '80'],
  ['the-host', '172.30.4.1', '22'],
].flatMap((attempt) => ['reach', ...attempt])

let site: ChildProcess | undefined

before(
  async () => {
    await prepare()
    freshState()
    const authority = await certificateAuthority('egress test CA')
    const { cert, key } = await authority.issue([SITE])
    const files = { cert: join(STATE, 'site.crt'), key: join(STATE, 'site.key') }
    writeFileSync(files.cert, cert)
    writeFileSync(files.key, key)
    writeFileSync(join(STATE, 'policy.yaml'), POLICY)
    for (const dir of ['ca', 'data/db', 'data/files']) mkdirSync(join(STATE, dir), { recursive: true, mode: 0o755 })
    writeFileSync(join(STATE, 'ca/site.pem'), authority.ca, { mode: 0o644 })
    await buildProbe()
    await namespace()
    site = spawn(
      'ip',
      ['netns', 'exec', SPACE, process.execPath, join(ROOT, 'test/sandbox/fixture/site.ts'), files.cert, files.key],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    await once(site.stdout as NodeJS.ReadableStream, 'data')
  },
  { timeout: 900_000 },
)
after(async () => {
  site?.kill('SIGKILL')
  await deploy('down') // the probes made the networks of the whole manifest
  await run('ip', ['netns', 'delete', SPACE])
  await run('ip', ['link', 'delete', 'mcp-test-veth'])
})

for (const runtime of RUNTIMES) {
  suite(`egress under ${runtime}`, { timeout: 300_000 }, () => {
    let key = ''
    before(async () => {
      const said = await deploy('up', [], { ...SETTINGS, MCP_RUNTIME: runtime })
      key = /Bearer (mcp_[A-Za-z0-9_-]+)/.exec(said)?.[1] ?? ''
      setDefaultCACertificates([...getCACertificates('default'), readFileSync(join(STATE, 'tls/ca.pem'), 'utf8')])
    })
    after(async () => {
      await deploy('down', [], SETTINGS)
    })

    test('fetch reads the inside host that the policy and the firewall grant, and no other', async () => {
      const client = await connect('v2-2026-07-28', { url: `https://localhost:${PORT}/fetch/mcp`, key })
      const page = await client.call('fetch_url', { url: `https://${SITE}/` })
      assert.match(String(page.structuredContent['text']), /Granted by name/, JSON.stringify(page.structuredContent))
      for (const url of [`https://${INSIDE}/`, `https://${METADATA}/`, `https://${SITE}:80/`]) {
        const refused = await client.call('fetch_url', { url })
        assert.equal((refused.structuredContent['error'] as { code: string }).code, 'url_denied', url)
      }
      await client.close()
    })

    test('code that took over fetch reaches the same, and with the firewall gone it reaches the rest', async () => {
      await deploy('compose', ['stop', '-t', '12', 'fetch'], { ...SETTINGS, MCP_RUNTIME: runtime })
      await deploy('compose', ['rm', '-f', 'fetch'], { ...SETTINGS, MCP_RUNTIME: runtime })
      const held = await probeIn('fetch', { runtime, words: REACH, weaken: CONNECT })
      assert.equal(held['public'], 'ok')
      assert.equal(held['granted'], 'ok')
      for (const name of ['public-other-port', 'granted-other-port', 'inside', 'metadata', 'the-host'])
        assert.equal(held[name], 'ETIMEDOUT', name)
      await deploy('firewall', ['del'])
      const open = await probeIn('fetch', { runtime, words: REACH, weaken: CONNECT })
      for (const name of ['public-other-port', 'granted-other-port', 'inside', 'metadata'])
        assert.equal(open[name], 'ok', name)
    })
  })
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
