// Under bubblewrap on stdio the front has no network, unless the policy or a flag names something that it has to reach or open.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type Outcome, serving, type TestClient } from '@hardened-mcp/testkit/clients'
import { type Store, store } from '@hardened-mcp/testkit/store'
import { type Collector, collector } from './fixture/collector.ts'

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'sandbox-network-')))
const inside = { network: '127.0.0.1', prefix: 32, ca_file: join(dir, 'ca.pem') }
let sink: Collector
let shared: Store
const clients: TestClient[] = []

before(async () => {
  ;[sink, shared] = await Promise.all([collector(), store()])
  mkdirSync(join(dir, 'docs'))
  writeFileSync(join(dir, 'docs/a.txt'), 'hello')
  writeFileSync(join(dir, 'ca.pem'), sink.ca)
})
after(async () => {
  await Promise.all(clients.map((client) => client.close()))
  await Promise.all([sink.close(), shared.stop()])
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
})

let runs = 0
async function fenced(sections: object, ...flags: string[]) {
  const name = `run-${runs++}`
  const file = {
    allowed_tools: ['read_text_file'],
    permissions: ['tool:read_only', 'resource:local', 'sys:file_read'],
    rate_limits: { '*': 100 },
    resources: { roots: [{ name: 'docs', path: join(dir, 'docs') }] },
  }
  const policy = join(dir, `${name}.json`)
  writeFileSync(policy, JSON.stringify({ version: 1, servers: { file }, ...sections }))
  const audit = join(dir, `audit-${name}`)
  const wall = ['--sandbox', 'bwrap', '--workers', '1']
  const client = await connect('v2', serving('file', '--policy', policy, '--audit', audit, ...wall, ...flags))
  clients.push(client)
  const trail = () => readFileSync(join(audit, 'slot-0.jsonl'), 'utf8')
  return { client, trail }
}
const read = (client: TestClient, path = 'docs:/a.txt') => client.call('read_text_file', { path })
async function answers(client: TestClient) {
  const isBusy = ({ content: [first] }: Outcome) => first?.text?.includes('"busy"') === true // a store that is late on a loaded machine
  let outcome = await read(client)
  for (let again = 0; again < 20 && isBusy(outcome); again += 1) outcome = await read(client)
  assert.equal(outcome.isError, undefined, outcome.content[0]?.text)
}
async function until(holds: () => boolean, what: string) {
  for (let waited = 0; !holds(); waited += 50) {
    assert.ok(waited < 30_000, what)
    await delay(50)
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

suite('bwrap on stdio: the front reaches', () => {
  test('the collector of telemetry.otlp', async () => {
    const { client } = await fenced({ telemetry: { otlp: { endpoint: sink.url, inside, interval_seconds: 1 } } })
    await answers(client)
    await until(() => sink.received.some(({ path }) => path === '/v1/traces'), 'a span')
  })

  test('the receiver of anomaly.webhook', async () => {
    const { client } = await fenced({ anomaly: { webhook: { url: `${sink.url}/hook`, inside } } })
    for (let i = 0; i < 6; i += 1) await read(client, `docs:/../${i}`)
    await until(() => sink.received.some(({ path }) => path === '/hook'), 'an alert')
  })

  test('the store of limits.shared', async () => {
    const { client, trail } = await fenced({ limits: { shared: { address: shared.address, replicas: 2 } } })
    await answers(client)
    assert.match(trail(), /"rule":"limits_shared"/)
  })

  test('the store of taint.shared', async () => {
    const { client, trail } = await fenced({ taint: { shared: { address: shared.address } } })
    await answers(client)
    assert.match(trail(), /"rule":"taint_shared"/)
  })

  test('its own listener of --metrics, which Prometheus reads', async () => {
    const port = await freePort()
    const { client } = await fenced({}, '--metrics', `127.0.0.1:${port}`)
    await answers(client)
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
    assert.match(await answer.text(), /hardened_mcp_build_info/)
  })
})
