// The deadline of a call is the operator's to choose: a query that has no end is ended when it says, and others are answered afterwards.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect, serving } from '@hardened-mcp/testkit/clients'
import Database from 'better-sqlite3'

const dir = mkdtempSync(join(tmpdir(), 'deadline-'))
after(() => rmSync(dir, { recursive: true }))
const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n'

test('deadline_seconds of a policy ends a call after that time, and the answer says so', async () => {
  const [file, policy] = [join(dir, 'shop.sqlite'), join(dir, 'policy.yaml')]
  new Database(file).exec('CREATE TABLE t (id INTEGER PRIMARY KEY)').close()
  writeFileSync(
    policy,
    `version: 1
servers:
  db-query:
    allowed_tools: [query_sql]
    permissions: ["tool:read_only", "resource:local"]
    deadline_seconds: 2
    resources: { databases: [{ name: shop, file: ${JSON.stringify(file)}, tables: { t: {} } }] }
`,
  )
  const client = await connect('v2', serving('db-query', '--policy', policy, '--audit', join(dir, 'audit')))
  try {
    const startedMs = performance.now()
    const { isError, structuredContent } = await client.call('query_sql', { sql: ENDLESS })
    const tookMs = performance.now() - startedMs
    assert.equal(isError, true)
    assert.match(JSON.stringify(structuredContent), /"timeout".*within 2000 ms/)
    assert.ok(tookMs >= 2_000 && tookMs < 20_000, `${tookMs} ms`)
    const next = await client.call('query_sql', { sql: 'SELECT count(*) FROM t' })
    assert.deepEqual(next.structuredContent['rows'], [[0]])
  } finally {
    await client.close()
  }
})
