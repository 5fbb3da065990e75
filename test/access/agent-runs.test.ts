// One key for each run of an agent: what the last run has read hangs on its key, on every server, and the next run begins clean.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect } from '@hardened-mcp/testkit/clients'
import { command, type RunningServer, serveOverHttp } from '@hardened-mcp/testkit/command'
import Database from 'better-sqlite3'

const dir = mkdtempSync(join(tmpdir(), 'runs-'))
const at = (name: string) => join(dir, name)
const POLICY = `version: 1
taint: { directory: ${at('labels')} }
servers:
  db-query:
    allowed_tools: [query_sql]
    permissions: ['tool:read_only', 'resource:local']
    resources: { databases: [{ name: people, file: ${at('people.sqlite')}, tables: '*' }] }
  file:
    allowed_tools: [write_file]
    permissions: ['tool:write', 'resource:local', 'sys:file_read', 'sys:file_write']
    resources: { roots: [{ name: site, path: ${at('site')}, writable: true, label: { secrecy: public } }] }
`
const servers: Record<string, RunningServer> = {}

before(async () => {
  mkdirSync(at('site'))
  writeFileSync(at('policy.yaml'), POLICY)
  const db = new Database(at('people.sqlite'))
  db.exec("CREATE TABLE t(text TEXT); INSERT INTO t VALUES ('PRIVATE')")
  db.close()
  await mint('run-0')
  for (const server of ['db-query', 'file'])
    servers[server] = await serveOverHttp([
      ...[server, '--policy', at('policy.yaml'), '--keys', at('keys.json'), '--http', '127.0.0.1:0', '--workers', '1'],
      ...['--audit', at(`audit-${server}`)],
    ])
})
after(async () => {
  for (const server of Object.values(servers)) assert.equal((await server.stop()).code, 0)
  rmSync(dir, { recursive: true })
})

async function mint(task: string): Promise<string> {
  const can = ['tool:read_only', 'tool:write', 'resource:local', 'sys:file_read', 'sys:file_write']
  const flags = can.flatMap((each) => ['--can', each])
  const run = ['--name', 'agent', '--task', task, '--ttl', '1h']
  const { stdout, stderr } = await command(['keys', 'mint', '--keys', at('keys.json'), ...run, ...flags])
  assert.notEqual(stdout, '', stderr)
  return (JSON.parse(stdout) as { key: string }).key
}

/** What the server says, once it knows the key: keys are in force within three seconds. */
async function call(server: string, key: string, tool: string, args: Record<string, unknown>) {
  for (let tries = 0; ; tries++) {
    try {
      const client = await connect('v2', { url: servers[server]?.url ?? '', key })
      const { structuredContent } = await client.call(tool, args)
      await client.close()
      return (structuredContent['error'] as { code: string } | undefined)?.code
    } catch (thrown) {
      if (tries >= 60) throw thrown
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}
const read = (key: string) => call('db-query', key, 'query_sql', { sql: 'SELECT text FROM t' })
const write = (key: string, name: string) => call('file', key, 'write_file', { path: `site:/${name}`, content: name })

suite('a key for each run', () => {
  test('a run that read something private writes nothing public, and the next run with its own key may', async () => {
    const [first, second] = [await mint('run-1'), await mint('run-2')]
    assert.equal(await write(first, 'before.txt'), undefined)
    assert.equal(await read(first), undefined)
    assert.equal(await write(first, 'after.txt'), 'tainted')
    assert.equal(await write(second, 'next.txt'), undefined)
    assert.equal(await read(second), undefined)
    assert.equal(await write(second, 'then.txt'), 'tainted', 'and carries what it reads by itself')
    assert.equal(await write(await mint('run-3'), 'last.txt'), undefined)
    assert.equal(readFileSync(at('site/last.txt'), 'utf8'), 'last.txt')
  })
})
