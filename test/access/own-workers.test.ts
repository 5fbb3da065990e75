// With `worker_per_tenant` a process that answered one tenant is gone before another tenant is answered, by every server.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { commandLine, descendants } from '@hardened-mcp/testkit/processes'
import { type Ground, ground, TENANTS, type TenantName } from './ground.ts'

let at: Ground
before(async () => {
  at = await ground({ worker_per_tenant: true, deadline_seconds: 60 }, ['--workers', '1'])
})
after(() => (at as Ground | undefined)?.close())

const KINDS = [
  ['db-query', 'query_sql', (own: string) => ({ sql: 'SELECT text FROM papers', database: own }), 'the-secret-of-'],
  ['file', 'read_text_file', () => ({ path: 'secret.txt' }), 'the-secret-of-'],
  ['fetch', 'fetch_url', (own: string) => ({ url: `https://${own}.example.com/` }), ''], // a name that nobody has: the worker says so
] as const

const workersOf = (server: string) =>
  descendants(at.pids[server] ?? 0).filter((pid) => commandLine(pid).includes('worker.ts'))

suite('a worker for each tenant', () => {
  for (const [server, tool, args, mark] of KINDS)
    test(`${server}: kept for its tenant, replaced for the other`, { timeout: 120_000 }, async () => {
      const ask = async (own: TenantName) => {
        const { status, body } = await at.call(server, own, tool, args(own))
        assert.equal(status, 200)
        if (mark === '') assert.doesNotMatch(body, /"busy"|"internal"/)
        else assert.ok(body.includes(`${mark}${own}`), body)
        return workersOf(server)
      }
      const [first] = await ask('acme')
      assert.ok(first !== undefined)
      assert.ok((await ask('acme')).includes(first), 'the worker of this tenant stays')
      assert.ok(!(await ask('globex')).includes(first), 'it is gone when the other is answered')
    })

  test('many calls of both at once: each is answered with what is its own', { timeout: 180_000 }, async () => {
    const [server, tool, args, mark] = KINDS[1]
    await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const own = TENANTS[(n >> 1) % 2] ?? 'acme'
        const { body } = await at.call(server, own, tool, args())
        assert.ok(body.includes(`${mark}${own}`), `${n}: ${body}`)
      }),
    )
  })
})
