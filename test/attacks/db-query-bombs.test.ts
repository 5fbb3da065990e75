// All memory and CPU bombs at once, more than there are workers: ping is answered, memory stays in its budget, nothing changes, and others go on.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect, type Outcome, type TestClient } from '@hardened-mcp/testkit/clients'
import Database from 'better-sqlite3'
import { openTarget, type Target } from '../target.ts'
import { pingBeside } from './ping-beside.ts'

const PING_P99_MS = 100
const MAX_PROCESS_MB = 384 + 160 // the budget counts what a worker takes beyond its start
const opened: TestClient[] = []
const data = mkdtempSync(join(tmpdir(), 'db-bombs-data-'))
const file = join(data, 'facts.sqlite')

let target: Target

before(async () => {
  target = await openTarget()
  const db = new Database(file)
  db.exec(`CREATE TABLE facts(id INTEGER PRIMARY KEY, kind TEXT, amount REAL);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
    INSERT INTO facts SELECT i, 'kind ' || (i % 7), (i * 37 % 1000) / 10.0 FROM n`)
  db.close()
})
after(async () => {
  for (const client of opened) await client.close()
  await target.close()
  rmSync(data, { recursive: true })
})

async function start(workSeconds: number, deadlineSeconds = 10): Promise<TestClient> {
  const policy = (place: string) => `version: 1
servers:
  db-query:
    allowed_tools: [query_sql]
    permissions: ['tool:read_only', 'resource:local']
    rate_limits: { '*': { per_minute: 6000, burst: 1000 } }
    deadline_seconds: ${deadlineSeconds}
    resources:
      work_seconds_per_minute: ${workSeconds}
      databases: [{ name: facts, file: ${place}/facts.sqlite, tables: '*' }]
`
  const client = await connect('v2', await target.own('db-query', data, policy))
  opened.push(client)
  return client
}

const ask = (client: TestClient, sql: string) => client.call('query_sql', { sql })
const errorOf = ({ structuredContent }: Outcome) =>
  structuredContent['error'] as { code: string; message: string; retry_after_ms?: number } | undefined
const state = () => [readdirSync(data), createHash('sha256').update(readFileSync(file)).digest('hex')]
const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)'
const CPU = [
  `${ENDLESS} SELECT count(*) FROM n`,
  `${ENDLESS} SELECT i FROM n WHERE i < 0`,
  'SELECT count(*) FROM facts a, facts b, facts c WHERE a.amount + b.amount < c.amount',
  `${ENDLESS} SELECT count(*) FROM n WHERE printf('%.*c', 40000, 'a') LIKE '${'%a'.repeat(40)}b'`,
]
const MEMORY = [
  `${ENDLESS} SELECT group_concat(printf('%.*c', 1000000, 'x')) FROM n`,
  `${ENDLESS} SELECT json_group_array(i || printf('%.*c', 100000, 'y')) FROM n`,
  'SELECT a.id, b.id FROM facts a, facts b ORDER BY a.amount * b.amount, b.kind',
  "WITH RECURSIVE d(s) AS (SELECT 'x' UNION ALL SELECT s || s FROM d) SELECT max(length(s)) FROM d",
  'SELECT DISTINCT a.id || b.id FROM facts a, facts b ORDER BY 1',
]

suite('db-query under bombs', () => {
  test('all of them at once: ping is answered, every bomb ends, memory stays in its budget, and the next query is answered', async (t) => {
    const client = await start(600)
    const at = state()
    await ask(client, 'SELECT 1')
    const [endless = '', ...others] = CPU // the first has a worker at once, and so meets its deadline however slow the machine is
    const bombs = Promise.all([endless, ...MEMORY, ...others, ...MEMORY].map((sql) => ask(client, sql)))
    const { outcomes, pings, p99Ms: p99, peakMb } = await pingBeside(client, bombs)
    const codes = outcomes.map((outcome) => errorOf(outcome)?.code ?? 'answered')
    t.diagnostic(`ping p99 ${p99.toFixed(1)} ms of ${pings}; peak ${peakMb.toFixed(0)} MB; ${codes.join(' ')}`)
    for (const code of codes) assert.ok(['timeout', 'too_large', 'busy'].includes(code), codes.join(' '))
    assert.ok(codes.includes('too_large'), codes.join(' '))
    assert.equal(codes[0], 'timeout', codes.join(' '))
    assert.ok(pings > 50 && p99 < PING_P99_MS * 10, `p99 ${p99} ms of ${pings} pings`)
    // A container's processes are not seen from here: there a worker that the kernel ended before its watchdog did has no code
    if (target.name === 'local') assert.ok(peakMb > 100 && peakMb < MAX_PROCESS_MB, `${peakMb} MB`)
    assert.equal((await ask(client, 'SELECT max(id) FROM facts')).structuredContent['row_count'], 1)
    assert.deepEqual(state(), at)
  })

  test('sixteen heavy queries at once on two workers wait for one another, and all are answered', async (t) => {
    const client = await start(600, 60) // on a loaded machine the last of them waits longer than ten seconds
    const fromMs = performance.now()
    const sql = 'SELECT kind, count(*), sum(amount) FROM facts GROUP BY kind'
    const outcomes = await Promise.all(Array.from({ length: 16 }, () => ask(client, sql)))
    t.diagnostic(`${(performance.now() - fromMs).toFixed(0)} ms`)
    assert.deepEqual(
      outcomes.map((outcome) => errorOf(outcome)?.code ?? outcome.structuredContent['row_count']),
      Array(16).fill(7),
    )
  })

  test('a tenant that used up its working time is told how long to wait', async () => {
    const client = await start(2)
    const heavy = `${ENDLESS} SELECT max(i) FROM (SELECT i FROM n LIMIT 3000000)` // far from the deadline, on a slow machine too
    await ask(client, heavy)
    let refusal: ReturnType<typeof errorOf>
    for (let tries = 0; refusal === undefined && tries < 30; tries += 1) refusal = errorOf(await ask(client, heavy))
    assert.equal(refusal?.code, 'rate_limited')
    assert.ok((refusal.retry_after_ms ?? 0) > 0)
    assert.equal(errorOf(await ask(client, 'SELECT 1'))?.code, 'rate_limited', 'light queries too: the bucket is empty')
  })
})
