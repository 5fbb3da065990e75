// /readyz of a real server tells the truth: each thing without which no call can be answered is broken for real, and mended.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { command, type RunningServer, serveOverHttp } from '@hardened-mcp/testkit/command'
import { commandLine, descendants } from '@hardened-mcp/testkit/processes'
import { ask, look } from '../identity/ask.ts'
import { type AuthorizationServer, authorizationServer } from '../identity/authorization-server.ts'

const RESOURCE = 'https://mcp.example.com/mcp'
const dir = mkdtempSync(join(tmpdir(), 'ready-'))
const [docs, keysFile, policyFile] = [join(dir, 'docs'), join(dir, 'keys.json'), join(dir, 'policy.json')]
let issuer: AuthorizationServer
let server: RunningServer
let key = ''

const policy = () => ({
  version: 1,
  servers: {
    file: {
      allowed_tools: ['list_allowed_directories'],
      permissions: ['tool:read_only', 'resource:local', 'sys:file_read'],
      resources: { roots: [{ name: 'docs', path: docs }] },
    },
  },
  oauth: {
    ...{ resource: RESOURCE, scopes: { 'files:read': ['tool:read_only', 'resource:local', 'sys:file_read'] } },
    issuers: [
      {
        ...{ name: 'corp', issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/jwks`, tenant: 'acme' },
        inside: { network: '127.0.0.1', prefix: 32, ca_file: join(dir, 'ca.pem') },
      },
    ],
  },
})

before(async () => {
  issuer = await authorizationServer('files:read')
  issuer.serveKeys({ status: 503 })
  mkdirSync(docs)
  writeFileSync(join(dir, 'ca.pem'), issuer.ca)
  writeFileSync(policyFile, JSON.stringify(policy()))
  key = (JSON.parse((await command(['keys', 'mint', '--keys', keysFile, '--name', 'ready'])).stdout) as { key: string })
    .key
  server = await serveOverHttp([
    ...['file', '--policy', policyFile, '--keys', keysFile, '--audit', join(dir, 'audit'), '--http', '127.0.0.1:0'],
    ...['--workers', '2', '--metrics', '127.0.0.1:0'],
  ])
})
after(async () => {
  await (server as RunningServer | undefined)?.stop('SIGKILL')
  await issuer.close()
  rmSync(dir, { recursive: true })
})

const said = async (path: string, url = server.url) => {
  const { status, body } = await look({ url: new URL(path, url).href })
  return `${status} ${body.trim()}`
}
/** Until it says so, at most forty seconds on a busy machine; two or three are usual. */
async function until(path: string, expected: string, why: string): Promise<void> {
  for (let waited = 0; ; waited += 200) {
    const now = await said(path)
    if (now === expected) return
    assert.ok(waited < 40_000, `${why}: ${now}`)
    await delay(200)
  }
}
const call = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'list_allowed_directories', arguments: {} },
}
const answered = async () => {
  const { status, body } = await ask({ url: server.url }, { authorization: `Bearer ${key}` }, call)
  return status === 200 && body.includes('"content"') && !body.includes('"isError"')
}

suite('/readyz of a running server', () => {
  test('all is well: ready on both listeners, without a credential', async () => {
    assert.equal(await said('/readyz'), '200 ok')
    let metrics: string | undefined
    for (let waited = 0; metrics === undefined && waited < 300; waited += 1) {
      metrics = /"metrics":"(http:[^"]+)"/.exec(server.stderr())?.[1]
      await delay(100)
    }
    assert.ok(metrics !== undefined)
    assert.equal(await said('/readyz', metrics), '200 ok')
    assert.equal(await said('/healthz', metrics), '200 ok')
  })

  test('keys: no API key and an issuer that is down: nobody could be let in; either of them back is enough', async () => {
    const kept = readFileSync(keysFile)
    rmSync(keysFile)
    await until('/readyz', '503 keys', 'keys deleted, issuer down')
    assert.equal(await said('/healthz'), '200 ok') // a restart would not help
    issuer.serveKeys(undefined)
    await until('/readyz', '200 ok', 'the issuer is back, and nobody had to come with a token first')
    writeFileSync(keysFile, kept, { mode: 0o600 })
    for (let waited = 0; !(await answered()); waited += 1) assert.ok(waited < 100, 'key put back')
  })

  test('workers: the root is gone and none can open it; back, and so are they', async () => {
    renameSync(docs, `${docs}-away`)
    for (const worker of descendants(server.pid).filter((pid) => commandLine(pid).includes('worker.ts')))
      process.kill(worker, 'SIGKILL')
    await until('/readyz', '503 workers', 'no worker')
    assert.equal(await answered(), false)
    renameSync(`${docs}-away`, docs)
    await until('/readyz', '200 ok', 'workers are back')
    assert.equal(await answered(), true)
  })

  test('audit: somebody took the trail away: neither ready nor healthy, and no call is answered', async () => {
    renameSync(join(dir, 'audit', 'slot-0.jsonl'), join(dir, 'audit', 'away'))
    assert.equal(await answered(), false) // the write that finds out
    await until('/readyz', '503 audit', 'trail gone')
    assert.equal(await said('/healthz'), '503 unhealthy')
    assert.equal(await answered(), false)
  })
})
