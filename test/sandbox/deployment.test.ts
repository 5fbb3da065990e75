// The shipped deployment, as an operator starts it: real clients over TLS through the gateway, under runc and under gVisor. How it ends: soak.test.ts.
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { CLIENT_KINDS, connect, type TestClient } from '@hardened-mcp/testkit/clients'
import {
  container,
  deploy,
  docker,
  freshState,
  inspect,
  must,
  PORT,
  prepare,
  run,
  ROOT,
  RUNTIMES,
  STATE,
  trustGateway,
  until,
} from './machine.ts'

const SERVERS = ['db-query', 'file', 'fetch'] as const
const TOOLS = { 'db-query': 4, file: 9, fetch: 1 } as const
const RUNAWAY = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n'

const DOCTOR = ['/nodejs/bin/node', '/app/packages/admin/bin/hardened-mcp.js', 'doctor', '--json', '--audit', '/audit', '--keys', '/etc/hardened-mcp/keys/keys.json', '--taint', '/labels', '--approvals', '/approvals'] // biome-ignore format: one command

const WRITE = `['requests', 'verdicts'].map((folder) => {
  const file = '/approvals/' + folder + '/note'
  try { fs.writeFileSync(file, ''); fs.rmSync(file); return 'done' } catch ({ code }) { return code }
}).join()`

const UNSEEN = ['no_new_privileges', 'limit_memory', 'limit_pids', 'limit_cpu', 'limit_swap'].map((id) => `${id} unknown`) // biome-ignore format: one list

/** What the doctor does not find in order. */
async function doctor(...where: readonly string[]): Promise<{ code: number; lines: readonly string[] }> {
  const { code, stdout, stderr } = await run('/usr/bin/docker', [...where, ...DOCTOR])
  assert.notEqual(stdout, '', stderr)
  const findings = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as { id: string; verdict: string }) // biome-ignore format: one chain
  return { code, lines: findings.flatMap(({ id, verdict }) => (verdict === 'ok' ? [] : [`${id} ${verdict}`])) }
}

/** What the doctor of the deployment does not find in order, as `view id verdict`. */
async function fromOutside(env: Readonly<Record<string, string>>) {
  const { code, stdout, stderr } = await run(join(ROOT, 'deploy/doctor'), ['--json'], { env: { NODE: process.execPath, ...env } }) // biome-ignore format: one call
  assert.notEqual(stdout, '', stderr)
  const findings = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as { view: string; id: string; verdict: string }) // biome-ignore format: one chain
  const wrong = findings.flatMap(({ view, id, verdict }) => (verdict === 'ok' ? [] : [`${view} ${id} ${verdict}`]))
  return { code, lines: findings.length, wrong }
}

before(prepare, { timeout: 900_000 })

for (const runtime of RUNTIMES) {
  suite(`deploy/up under ${runtime}`, { timeout: 600_000 }, () => {
    let key = ''
    const client = (server: string, kind: (typeof CLIENT_KINDS)[number] = 'v2-2026-07-28'): Promise<TestClient> =>
      connect(kind, { url: `https://localhost:${PORT}/${server}/mcp`, key })

    before(async () => {
      await freshState()
      const said = await deploy('up', ['--sample'], { MCP_RUNTIME: runtime })
      key = /Bearer (mcp_[A-Za-z0-9_-]+)/.exec(said)?.[1] ?? ''
      trustGateway()
    })
    after(async () => {
      await deploy('down')
    })

    test('runs every server under the runtime that was asked for', async () => {
      for (const server of SERVERS) assert.equal(await inspect<string>(server, '.HostConfig.Runtime'), runtime)
      const dmesg = await docker('exec', container('file'), '/nodejs/bin/node', '-p', 'os.version()')
      assert.equal(/gVisor|Thu Jan|Sun Jan 10 15:06:54 PST 2016/.test(dmesg), runtime === 'runsc', dmesg)
    })

    test('a server can ask for approval, and cannot give it', async () => {
      for (const server of SERVERS) {
        const said = await docker('exec', container(server), '/nodejs/bin/node', '-p', WRITE)
        assert.equal(said.trim(), 'done,EROFS', server)
      }
    })

    for (const server of SERVERS) {
      test(`${server} answers the clients of both eras over TLS`, async () => {
        for (const kind of CLIENT_KINDS) {
          const it = await client(server, kind)
          assert.equal((await it.tools()).length, TOOLS[server], kind)
          await it.close()
        }
      })
    }

    for (const server of SERVERS)
      test(`doctor inside ${server} misses gVisor alone under runc, and says what it cannot see inside gVisor`, async () => {
        const said = await doctor('exec', container(server))
        assert.deepEqual(said.code, runtime === 'runsc' ? 3 : 1, said.lines.join('\n'))
        assert.deepEqual(said.lines, runtime === 'runsc' ? UNSEEN : ['own_kernel bad'])
      })

    test('doctor from outside misses what Debian has not mended, and gVisor under runc; all else holds, inside and out', async () => {
      const said = await fromOutside({ MCP_RUNTIME: runtime })
      const releases = ['host gvisor_version bad', 'host runc_version bad']
      const shared = ['compose own_kernel bad', 'docker own_kernel bad', 'host runtime_is_gvisor unknown', 'host gvisor_version unknown', 'host runc_version bad', ...SERVERS.map((server) => `in ${server} own_kernel bad`)] // biome-ignore format: one list
      assert.deepEqual(said.wrong.toSorted(), (runtime === 'runsc' ? releases : shared).toSorted())
      assert.equal(said.code, 1)
      assert.equal(said.lines, 36 + 36 + 14 + 3 * 21)
    })

    test('db-query returns rows and refuses what is not exposed', async () => {
      const db = await client('db-query')
      const rows = await db.call('query_sql', { sql: 'SELECT name FROM products WHERE id = ?', params: [2] })
      assert.deepEqual(rows.structuredContent['rows'], [['chair']])
      const hidden = await db.call('query_sql', { sql: 'SELECT * FROM users' })
      assert.deepEqual((hidden.structuredContent['error'] as { code: string }).code, 'sql_denied')
      await db.close()
    })

    test('file reads below its root and nothing beside it', async () => {
      const file = await client('file')
      const text = await file.call('read_text_file', { path: 'welcome.md' })
      assert.match(String(text.structuredContent['text']), /^# Welcome/)
      const outside = await file.call('read_text_file', { path: '../etc/passwd' })
      assert.equal((outside.structuredContent['error'] as { code: string }).code, 'path_denied')
      await file.close()
    })

    test('fetch refuses an inside address and a host that is not allowed', async () => {
      const fetch = await client('fetch')
      for (const url of ['https://169.254.169.254/', 'https://172.30.1.10:8080/', 'https://other.example.org/']) {
        const refused = await fetch.call('fetch_url', { url })
        assert.equal((refused.structuredContent['error'] as { code: string }).code, 'url_denied', url)
      }
      await fetch.close()
    })

    test('what a caller reads from one server is known to the others, and a key of its own begins without labels', async () => {
      const codeOf = async (own: string) => {
        const fetch = await connect('v2', { url: `https://localhost:${PORT}/fetch/mcp`, key: own })
        const { structuredContent } = await fetch.call('fetch_url', { url: 'https://example.com/' })
        await fetch.close()
        return (structuredContent['error'] as { code: string } | undefined)?.code
      }
      const db = await client('db-query')
      await db.call('query_sql', { sql: 'SELECT name FROM products WHERE id = ?', params: [2] })
      await db.close()
      assert.equal(await codeOf(key), 'tainted')
      const { key: fresh } = JSON.parse(await deploy('mint', ['run-2', '--ttl', '1h'], { MCP_RUNTIME: runtime })) as {
        key: string
      }
      await until(
        'the new key is known',
        10_000,
        async () => (await codeOf(fresh).catch(() => 'tainted')) !== 'tainted',
      )
    })

    test('the gateway refuses a missing key, another path and a body over the limit', async () => {
      const curl = (...args: string[]) =>
        must('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', '--cacert', join(STATE, 'tls/ca.pem'), ...args])
      const url = `https://localhost:${PORT}/file/mcp`
      const json = ['-X', 'POST', '-H', 'Content-Type: application/json', '-d', '{}']
      assert.equal(await curl(...json, url), '401')
      assert.equal(await curl(...json, '-H', 'Host: evil.example.com', url), '421')
      assert.equal(await curl(`https://localhost:${PORT}/audit`), '404')
      assert.equal(await curl('-X', 'POST', '-H', 'Content-Length: 9000000', url), '413')
    })

    test('a query that never ends is killed at its deadline, and the next call is answered', async () => {
      const db = await client('db-query')
      const endless = await db.call('query_sql', { sql: RUNAWAY })
      assert.equal((endless.structuredContent['error'] as { code: string }).code, 'timeout')
      const next = await db.call('query_sql', { sql: 'SELECT 1' })
      assert.equal(next.structuredContent['row_count'], 1)
      await db.close()
    })
  })
}
