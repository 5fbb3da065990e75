// Measures db-query end to end beside a bare SDK server and dbhub: 1, 100 and 10 000 rows and an aggregate over a million, stdio and HTTP.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { cpuOfTree, header, inTurns, line } from '../bench-kit.ts'
import { bare, dbhub, installDbhub, ours, type Question, TRANSPORTS } from './sides.ts'

const ROWS = 1_000_000
const AGGREGATE = 'SELECT kind, count(*), sum(amount) FROM facts GROUP BY kind'
const CASES: readonly (Question & { name: string; total: number })[] = [
  {
    name: '1 row by key',
    sql: 'SELECT * FROM facts WHERE id = ?',
    literal: 'SELECT * FROM facts WHERE id = 4711',
    params: [4711],
    paged: false,
    total: 200,
  },
  {
    name: '100 rows',
    sql: 'SELECT id, kind, amount FROM facts WHERE id > ? LIMIT 100',
    literal: 'SELECT id, kind, amount FROM facts WHERE id > 4711 LIMIT 100',
    params: [4711],
    paged: false,
    total: 100,
  },
  {
    name: '10 000 rows, ours in 10 pages',
    sql: 'SELECT id FROM facts WHERE id <= ?',
    literal: 'SELECT id FROM facts WHERE id <= 10000',
    params: [10_000],
    paged: true,
    total: 4,
  },
  { name: 'aggregate over 1 M rows', sql: AGGREGATE, literal: AGGREGATE, params: [], paged: false, total: 4 },
]

const dir = mkdtempSync(join(tmpdir(), 'bench-'))
const file = join(dir, 'facts.db')
const db = new Database(file)
db.exec(`
  CREATE TABLE facts(id INTEGER PRIMARY KEY, kind TEXT, amount REAL);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
  INSERT INTO facts SELECT i, 'kind ' || (i % 7), (i * 37 % 1000) / 10.0 FROM n;`)
db.close()

const only = process.env['BENCH_CASE'] ?? '' // a part of the names of the cases to run
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3)
try {
  const program = await installDbhub(join(dir, 'dbhub'))
  process.stdout.write(`${header(['bare', 'dbhub'])}\n`)
  for (const transport of TRANSPORTS) {
    const running = [
      await ours(transport, file, dir),
      await bare(transport, file),
      await dbhub(transport, file, dir, program),
    ]
    for (const question of CASES.filter(({ name }) => name.includes(only)))
      for (const inFlight of [1, 16]) {
        const total = Math.max(question.total, inFlight)
        const sides = running.map(({ name, pid, ask }) => ({ name, cpu: cpuOfTree(pid), call: () => ask(question) }))
        const name = `${question.name}, ${transport}, ${inFlight} in flight`
        const row = await inTurns(sides, { total, inFlight, rounds }).then(
          (series) => line(name, series),
          (failed: unknown) => `| ${name} | ${String(failed)} |`, // a machine too busy for the deadline
        )
        process.stdout.write(`${row}\n`)
      }
    for (const { end } of running) await end()
  }
} finally {
  rmSync(dir, { recursive: true })
}
