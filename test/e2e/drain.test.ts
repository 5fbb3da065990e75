// SIGTERM with calls in flight: what can finish is answered, the rest is refused with a code, every call has its last record, and the exit code is 0.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect, type Outcome } from '@hardened-mcp/testkit/clients'
import { command, serveOverHttp } from '@hardened-mcp/testkit/command'
import Database from 'better-sqlite3'

const DRAIN_MS = 10_000
const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n'
const SHORT = ENDLESS.replace('FROM n)', 'FROM n LIMIT 2000000)')

const dir = mkdtempSync(join(tmpdir(), 'drain-'))
after(() => rmSync(dir, { recursive: true }))
const codeOf = ({ structuredContent }: Outcome) => (structuredContent['error'] as { code: string } | undefined)?.code

test('a server that is told to stop leaves no caller and no record without an end', async () => {
  const [file, keys, trail] = ['shop.sqlite', 'keys.json', 'audit'].map((name) => join(dir, name)) as [string, string, string] // biome-ignore format: one line
  new Database(file).exec('CREATE TABLE t (id INTEGER PRIMARY KEY)').close()
  const minted = await command(['keys', 'mint', '--keys', keys, '--name', 'test', '--ttl', '1d'])
  const { key } = JSON.parse(minted.stdout) as { key: string }
  const server = await serveOverHttp(['db-query', '--db', file, '--audit', trail, '--http', '127.0.0.1:0', '--keys', keys]) // biome-ignore format: one line
  const client = await connect('v2-2026-07-28', { url: server.url, key })
  const ask = (sql: string) => client.call('query_sql', { sql })
  const inFlight = [ask(SHORT), ask(ENDLESS), ask(ENDLESS)] // the last one waits: there are two workers
  const running = () => recordsOf(trail).filter((line) => line.includes('"tool_call.request"')).length
  while (running() < inFlight.length) await new Promise((resolve) => setTimeout(resolve, 20))
  const toldMs = performance.now()
  const [{ code, stderr }, ...outcomes] = await Promise.all([server.stop(), ...inFlight])
  const tookMs = performance.now() - toldMs
  await client.close()
  assert.equal(code, 0, stderr)
  assert.ok(tookMs < DRAIN_MS * 1.5, `${tookMs} ms`)
  assert.deepEqual(outcomes.map(codeOf), [undefined, 'busy', 'busy'])
  const ends = recordsOf(trail).flatMap((line) => /"type":"tool_call\.(success|error|denied)"/.exec(line)?.[1] ?? [])
  assert.equal(ends.length, inFlight.length, ends.join(' '))
  assert.equal((await command(['audit', 'verify', trail])).code, 0)
})

function recordsOf(trail: string): string[] {
  const files = readdirSync(trail).filter((name) => name.endsWith('.jsonl'))
  return files.flatMap((name) => readFileSync(join(trail, name), 'utf8').split('\n'))
}
