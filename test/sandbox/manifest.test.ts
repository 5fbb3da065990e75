// The compose files as data: every server is fenced in, and the copies for one server say what the whole says.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { ServerDefinition } from '@hardened-mcp/host'
import { parse } from 'yaml'
import { ROOT } from './machine.ts'

type Part = Record<string, unknown>
type Compose = { services: Record<string, Part>; networks: Record<string, Part>; secrets: Part }

const SERVERS = ['db-query', 'file', 'fetch'] as const
const FRONT_MB = 256 // supervisor, front and, under gVisor, its kernel
const WORKER_MB = 80 // a worker before its first call
const text = (file: string) => readFileSync(join(ROOT, 'deploy', file), 'utf8')
const read = (file: string) => parse(text(file), { merge: true, version: '1.1' }) as Compose
const whole = read('compose.yaml')

suite('compose files', () => {
  for (const server of SERVERS) {
    test(`compose.${server}.yaml is compose.yaml with the other servers left out`, () => {
      const { services, networks, secrets } = read(`compose.${server}.yaml`)
      const parts = server === 'fetch' ? [server, 'egress-proxy'] : [server]
      assert.deepEqual(Object.keys(services).sort(), [...parts, 'gateway'].sort())
      for (const part of parts) assert.deepEqual(services[part], whole.services[part])
      const kept = Object.entries(whole.services['gateway']?.['networks'] as Part).filter(([name]) => name in networks)
      assert.deepEqual(services['gateway'], { ...whole.services['gateway'], networks: Object.fromEntries(kept) })
      for (const [name, network] of Object.entries(networks)) assert.deepEqual(network, whole.networks[name])
      assert.deepEqual(secrets, whole.secrets)
    })
  }
  for (const server of [...SERVERS, 'egress-proxy']) {
    test(`${server} holds every layer`, () => {
      const { services } = whole
      const service = services[server] as Part & {
        security_opt: string[]
        volumes: { target: string; read_only?: boolean }[]
      }
      assert.equal(service['runtime'], '${MCP_RUNTIME:-runsc}')
      assert.equal(service['user'], '65532:65532')
      assert.equal(service['read_only'], true)
      assert.deepEqual(service['cap_drop'], ['ALL'])
      assert.ok(!('cap_add' in service) && !('privileged' in service) && !('ports' in service))
      assert.deepEqual(service.security_opt, [
        'no-new-privileges:true',
        `seccomp=\${MCP_SECCOMP:-../seccomp}/${server}.json`,
      ])
      assert.equal(service['mem_limit'], service['memswap_limit'])
      assert.ok(Number(service['pids_limit']) <= 256)
      const writable = service.volumes.filter((volume) => volume.read_only !== true).map(({ target }) => target)
      assert.deepEqual(writable, server === 'egress-proxy' ? [] : ['/audit', '/labels', '/approvals/requests'])
    })
  }

  test('the three servers share the folders of labels and of requests, and no other', () => {
    const sources = SERVERS.map((server) => {
      const { volumes, command } = whole.services[server] as unknown as {
        volumes: { source: string; target: string; read_only?: boolean }[]
        command: string[]
      }
      assert.equal(command[command.indexOf('--taint') + 1], '/labels')
      return volumes.filter(({ read_only: ro }) => ro !== true).map(({ source }) => source)
    })
    const shared = sources[0]?.filter((source) => sources.every((each) => each.includes(source)))
    assert.deepEqual(shared, ['${MCP_STATE:-./state}/labels', '${MCP_STATE:-./state}/approvals/requests'])
    assert.match(text('up'), /install -d -m 0700 -o \$SERVER_UID -g \$SERVER_UID .*"\$MCP_STATE\/labels"/)
  })

  test('no two servers share a network, and only the front and egress networks lead outside', () => {
    const names = SERVERS.flatMap((server) => Object.keys(whole.services[server]?.['networks'] as Part))
    assert.equal(new Set(names).size, names.length)
    const open = Object.entries(whole.networks).filter(([, network]) => network['internal'] !== true)
    assert.deepEqual(open.map(([name]) => name).sort(), ['mcp-egress', 'mcp-front'])
  })

  for (const server of SERVERS)
    test(`${server} may use what all its workers may grow to, and its processes need`, async () => {
      const { default: definition } = (await import(`../../servers/${server}/server.ts`)) as {
        default: ServerDefinition
      }
      const { count, memoryMb } = definition.worker
      const [limit, unit] = /^(\d+)(m)$/.exec(String(whole.services[server]?.['mem_limit']))?.slice(1) ?? []
      assert.equal(unit, 'm')
      assert.ok(Number(limit) >= FRONT_MB + count * (memoryMb + WORKER_MB), `${limit} MiB`)
      const line =
        text('README.md')
          .split('\n')
          .find((words) => words.endsWith(`/${server}:local`)) ?? ''
      assert.ok(line.includes(` --memory ${limit}m --memory-swap ${limit}m `), line)
      assert.ok(text(`kubernetes/base/${server}.yaml`).includes(` memory: ${limit}Mi`))
    })

  test('fetch has the gateway and the proxy for neighbours, and the proxy alone stands in the egress network', () => {
    const members = (network: string) =>
      Object.entries(whole.services)
        .filter(([, service]) => network in (service['networks'] as Part))
        .map(([name]) => name)
    assert.deepEqual(Object.keys(whole.services['fetch']?.['networks'] as Part), ['mcp-fetch', 'mcp-proxy'])
    assert.deepEqual(members('mcp-fetch').sort(), ['fetch', 'gateway'])
    assert.deepEqual(members('mcp-proxy').sort(), ['egress-proxy', 'fetch'])
    assert.deepEqual(members('mcp-egress'), ['egress-proxy'])
  })

  test('the proxy listens where the example policy, the scripts and the manifest say, for fetch and the containers that a client starts', () => {
    const { command } = whole.services['egress-proxy'] as { command: string[] }
    assert.ok(text('policy.example.yaml').includes(`egress_proxy: ${command[command.indexOf('--listen') + 1]}`))
    assert.ok(text('common').includes('EGRESS_PROXY=172.30.5.3 EGRESS_PROXY_PORT=3128'))
    const clients = command.filter((_, at) => command[at - 1] === '--client')
    assert.deepEqual(clients, ['172.30.5.10/32', '172.30.5.16/28'])
    const { config } = (whole.networks['mcp-proxy'] as Part)['ipam'] as { config: object[] }
    // Docker gives free addresses out of ip_range, which holds neither the proxy nor fetch
    assert.deepEqual(config, [{ subnet: '172.30.5.0/24', ip_range: '172.30.5.16/28', gateway: '172.30.5.1' }])
  })

  test('the gateway is the only one with a published port, on loopback by default', () => {
    const published = Object.entries(whole.services).filter(([, service]) => 'ports' in service)
    assert.deepEqual(
      published.map(([name, { ports }]) => [name, ports]),
      [['gateway', ['${MCP_BIND:-127.0.0.1}:${MCP_PORT:-8443}:8443']]],
    )
  })
})
