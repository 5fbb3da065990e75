// What bubblewrap costs on stdio against the permission model alone: start to first answer, and one call, in turns on the same machine.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, serving, type TestClient } from '@hardened-mcp/testkit/clients'
import { cpuOfTree, inTurns, type Side } from '../bench-kit.ts'

const MODES = ['permission', 'bwrap'] as const
const STARTS = 9
const CALLS = { total: 300, inFlight: 1, rounds: 3 } as const

const dir = mkdtempSync(join(tmpdir(), 'sandbox-modes-'))
writeFileSync(join(dir, 'a.txt'), 'x'.repeat(1024))
const database = join(dir, 'a.sqlite')
const db = new DatabaseSync(database)
db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (1, 'row')")
db.close()

const WORKLOADS = [
  ['file', ['--root', dir], 'read_text_file', { path: 'a.txt' }],
  ['db-query', ['--db', database], 'query_sql', { sql: 'SELECT name FROM t WHERE id = 1' }],
] as const

let trails = 0
const start = (server: string, grants: readonly string[], mode: string) =>
  connect('v2', serving(server, ...grants, '--audit', join(dir, `audit-${trails++}`), '--sandbox', mode))
const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
const ratio = (one: number, other: number) => (one / other).toFixed(2)

for (const [server, grants, tool, args] of WORKLOADS) {
  const starts: Record<string, number[]> = { permission: [], bwrap: [] }
  for (let round = 0; round < STARTS; round++)
    for (const mode of MODES) {
      const from = performance.now()
      const client = await start(server, grants, mode)
      await client.call(tool, args)
      starts[mode]?.push(performance.now() - from)
      await client.close()
    }
  const [plain, walled] = [median(starts['permission'] ?? []), median(starts['bwrap'] ?? [])]
  console.log(`${server}: start to first answer ${plain.toFixed(0)} ms, under bwrap ${walled.toFixed(0)} ms (${ratio(walled, plain)}, +${(walled - plain).toFixed(0)} ms)`) // biome-ignore format: one line

  const clients: TestClient[] = []
  for (const mode of MODES) clients.push(await start(server, grants, mode))
  const sides = clients.map((client, index): Side => ({ name: MODES[index] ?? '', cpu: cpuOfTree(client.pid() as number), call: () => client.call(tool, args) })) // biome-ignore format: one line
  const [one, other] = await inTurns(sides, CALLS)
  if (one !== undefined && other !== undefined)
    console.log(`${server}: one call p50 ${one.p50Ms.toFixed(2)} ms, under bwrap ${other.p50Ms.toFixed(2)} ms (${ratio(other.p50Ms, one.p50Ms)}); CPU ${one.cpuMs.toFixed(2)} ms, under bwrap ${other.cpuMs.toFixed(2)} ms (${ratio(other.cpuMs, one.cpuMs)})`) // biome-ignore format: one line
  for (const client of clients) await client.close()
}
rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
