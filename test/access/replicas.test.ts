// Two servers behind a proxy that takes turns share their limits exactly, through a real store.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { command, type RunningServer, serveOverHttp } from '@hardened-mcp/testkit/command'
import { type Store, store } from '@hardened-mcp/testkit/store'
import { ask, type Asked } from '../identity/ask.ts'

const dir = mkdtempSync(join(tmpdir(), 'replicas-'))
const servers: RunningServer[] = []
let real: Store
let proxy: Server
let url = ''
let key = ''

before(async () => {
  real = await store()
  const policy = join(dir, 'policy.json')
  const section = {
    allowed_tools: ['list_allowed_directories'],
    permissions: ['tool:read_only', 'resource:local', 'sys:file_read'],
    rate_limits: { '*': { per_minute: 1, burst: 20 } },
    resources: { roots: [{ name: 'docs', path: dir }] },
  }
  const shared = { address: real.address, replicas: 2 }
  writeFileSync(policy, JSON.stringify({ version: 1, servers: { file: section }, limits: { shared } }))
  const keys = join(dir, 'keys.json')
  const minted = await command(['keys', 'mint', '--keys', keys, '--name', 'tests'])
  key = (JSON.parse(minted.stdout) as { key: string }).key
  proxy = createServer((client) => {
    const { hostname, port } = new URL(servers[turn++ % 2]?.url ?? '')
    const server = connect(Number(port), hostname)
    client.on('error', () => server.destroy()).pipe(server)
    server.on('error', () => client.destroy()).pipe(client)
  })
  let turn = 0
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const { port } = proxy.address() as AddressInfo
  url = `http://127.0.0.1:${port}/mcp`
  for (const name of ['one', 'two'])
    servers.push(
      await serveOverHttp([
        ...['file', '--policy', policy, '--keys', keys, '--audit', join(dir, name), '--workers', '1'],
        ...['--http', '127.0.0.1:0', '--allowed-host', `127.0.0.1:${port}`],
      ]),
    )
})
after(async () => {
  for (const server of servers) assert.equal((await server.stop()).code, 0)
  proxy.close()
  await real.stop()
  rmSync(dir, { recursive: true })
})

const call = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'list_allowed_directories', arguments: {} },
}
const burst = async () => {
  const answers = await Promise.all(
    Array.from({ length: 60 }, () => ask({ url }, { authorization: `Bearer ${key}` }, call)),
  )
  for (const { status } of answers) assert.equal(status, 200)
  const refused = answers.filter(({ body }: Asked) => body.includes('rate_limited')).length
  return { passed: answers.length - refused, refused }
}

suite('two replicas behind a proxy that takes turns', () => {
  test('of 60 calls at once exactly the burst of 20 passes', async () => {
    const began = Date.now()
    const { passed, refused } = await burst()
    const refilled = Math.floor((Date.now() - began) / 60_000)
    assert.ok(passed >= 20 && passed <= 20 + refilled, `${passed} passed, ${refused} refused`)
  })

  test('with the store gone each gives out its half; both say so', async () => {
    await real.stop()
    const { passed } = await burst()
    assert.ok(passed >= 20 && passed <= 22, `${passed} passed: 10 of each replica's own, and what refilled`)
    for (const server of servers) assert.match(server.stderr(), /limits_local/)
  })
})
