// For the tests: the executor over one database in a process of its own. Each line on standard input is a query, each line out its answer.
import { createInterface } from 'node:readline'
import { denialOf } from '@hardened-mcp/security-core'
import { executor } from '../executor.ts'
import { CALLER, SECRET, SPEND } from '../fixture.ts'

const [file = ''] = process.argv.slice(2)
const say = (answer: object) => process.stdout.write(`${JSON.stringify(answer)}\n`)

try {
  const execute = executor({ databases: [{ name: 'shop', file, tables: '*' }] }, SECRET)
  say({ ready: true })
  for await (const sql of createInterface(process.stdin)) {
    const query = { op: 'query', caller: CALLER, database: 'shop', sql, params: [], maxRows: 10, format: 'json' }
    try {
      say({ rows: (JSON.parse(execute(query, SPEND).text) as { rows: unknown }).rows })
    } catch (thrown) {
      const { code, says } = denialOf(thrown)
      say({ code, says })
    }
  }
} catch (thrown) {
  say({ failed: thrown instanceof Error ? thrown.message : String(thrown) })
}
