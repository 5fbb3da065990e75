// For the tests: the fixture database of test/vectors/sql as a real file, and the executor over it under each policy.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { denialOf, tenantScope } from '@hardened-mcp/security-core'
import { type Execute, executor } from './executor.ts'
import { type Operation, operation, type Params } from './operations.ts'
import { exposedDatabases, frontGate } from './policy.ts'

const VECTORS = new URL('../../test/vectors/sql/', import.meta.url)
export const CALLER = { tenant: tenantScope('local'), id: 'tester' } as const
export const SECRET = 'a secret of the tests, long enough to be one'
export const SPEND = { deadlineMs: 10_000, outputBytes: 65_536 } as const

export const vectors = (name: string): unknown => JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8'))

/** Changes only what the policy `limited` hides. */
export const HIDDEN_OTHERWISE = `
  UPDATE customers SET email = 'other' || id || '@elsewhere.org', created_at = '1999-01-0' || id, credit_limit = 10000 - id * 7;
  UPDATE employees SET salary = 500 - id * 3;
  UPDATE users SET login = 'x' || id, password_hash = 'y', api_token = 'z';
  DELETE FROM secrets WHERE id = 1;
  INSERT INTO secrets SELECT id + 100, name, 'v' FROM customers;
`

/** A fresh copy of the fixture in a directory of its own, changed by `sql`. */
export function fixture(sql = ''): { file: string; remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'db-query-'))
  const file = join(directory, 'shop.db')
  const db = new Database(file)
  db.exec(readFileSync(new URL('fixture.sql', VECTORS), 'utf8') + sql)
  db.close()
  return { file, remove: () => rmSync(directory, { recursive: true }) }
}

/** One database per policy of policies.json, all on `file`. */
export const databasesOn = (file: string) =>
  Object.entries(vectors('policies.json') as Record<string, unknown>).map(([name, tables]) => ({ name, file, tables }))

export type Outcome = Readonly<{ code: string; says: string; reason: string } | { answer: Answer; text: string }>
export type Answer = Readonly<{ columns: unknown[]; rows: unknown[][]; row_count: number; truncated?: unknown }>

/** Runs one query the way front and worker do together: schema, policies, then the executor. */
export function asker(file: string, parser = 'veto'): (sql: string, policy: string, params?: Params) => Outcome {
  const databases = databasesOn(file)
  const execute: Execute = executor({ databases, parser }, SECRET)
  const policies = [exposedDatabases({ databases } as Parameters<typeof exposedDatabases>[0]), frontGate]
  return (sql, database, params = []) => {
    const planned: Operation = { op: 'query', caller: CALLER, database, sql, params, maxRows: 1000, format: 'json' }
    for (const policy of policies) {
      const decision = policy(planned, {} as never)
      if (decision.verdict === 'deny')
        return { code: decision.code, says: decision.detail?.says ?? '', reason: decision.reason }
    }
    try {
      const { text } = execute(operation.parse(planned), SPEND)
      return { text, answer: JSON.parse(text) as Answer }
    } catch (thrown) {
      const { code, says, message } = denialOf(thrown)
      return { code, says, reason: message }
    }
  }
}
